/**
 * The spine under simulation: every dedup and incident partition on the production hosts,
 * processors, relays and timer mirrors; only the ports are simulated.
 */
import type { DedupConfig } from "../../actors/alert/config.ts";
import type { DispatchConfig } from "../../actors/dispatch/config.ts";
import type { IncidentConfig } from "../../actors/incident/types.ts";
import type { SeverityConfig } from "../../actors/severity/config.ts";
import { DedupHost } from "../../runtime/dedup-host.ts";
import { DedupStage } from "../../runtime/dedup-stage.ts";
import { IncidentHost } from "../../runtime/incident-host.ts";
import { LaneLog } from "../../runtime/lane-log.ts";
import { IncidentStage } from "../../runtime/incident-stage.ts";
import type { PartitionHost } from "../../runtime/partition-host.ts";
import { defaultProcessorLimits, type ProcessorLimits } from "../../runtime/processor-options.ts";
import type { StageName } from "../../runtime/step.ts";
import { codec } from "../../streams/codec.ts";
import {
  deadSubject,
  incidentSubject,
  inputSubject,
  lanesOf,
  outboxSubject,
  stepSubject,
  workSubject,
} from "../../streams/subjects.ts";
import type { SimLink } from "../sim-link.ts";
import { SimLog } from "../sim-log.ts";
import { SimPublicStream } from "../sim-public-stream.ts";
import { SimSnapshots } from "../sim-snapshots.ts";
import { SimState } from "../sim-state.ts";
import { SimTimers } from "../sim-timers.ts";
import { Seat, type Surroundings } from "./seat.ts";
import { dedupPartitions, incidentPartitions, type World } from "./world.ts";

export const dedupConfig: DedupConfig = {
  hash: "dedup-1",
  rollupFirstMs: 200,
  rollupMaxMs: 5_000,
  domainBy: [["tenant_id", "tenant"], ["environment", "env"]],
};

/** Routes with a mute rule and two receivers; the waits are short, as all lives here. */
export function simDispatch(groupBy = ["alertname"]): DispatchConfig {
  const waits = { groupWaitMs: 300, groupIntervalMs: 2_000, repeatIntervalMs: 7_000 };
  const quiet = { continue: false, muteTimeIntervals: [], activeTimeIntervals: [] };
  const common = { ...waits, ...quiet, routes: [], groupBy };
  const isCritical = { label: "severity", op: "=", value: "critical" } as const;
  const critical = { ...common, index: 1, receiver: "pager", matchers: [isCritical] };
  const isWarning = { label: "severity", op: "=", value: "warning" } as const;
  const integration = { kind: "webhook", index: 0, sendResolved: true };
  return {
    route: { ...common, index: 0, receiver: "chat", matchers: [], routes: [critical] },
    inhibitRules: [
      {
        name: "critical over warning",
        sources: [{ matchers: [isCritical], equal: [] }],
        targetMatchers: [isWarning],
        equal: ["service"],
      },
    ],
    timeIntervals: {},
    zones: {},
    receivers: ["chat", "pager"].map((name) => ({ name, integrations: [integration] })),
  };
}

const topology = {
  dependencies: { gateway: ["inference"], billing: ["gateway"] },
  windowMs: 4_000,
  depthMax: 3,
  sources: {
    ...{ files: { inference: ["storage"] }, labels: ["depends_on"], labelsForgetMs: 5_000 },
    ...{ traces: true, tracesForgetMs: 5_000, edgesMax: 4 },
  },
};

/** Scores that rise with services, what alerts say of users, and within seconds of time. */
const severity: SeverityConfig = {
  ...{ mode: "raise", scale: "sev1-5", missing: "renormalise", newEvidence: 0.25 },
  bands: {
    impact: [{ name: "minor", from: 0 }, { name: "major", from: 0.5 }],
    urgency: [{ name: "low", from: 0 }, { name: "high", from: 0.5 }],
  },
  matrix: [["info", "medium"], ["high", "critical"]],
  factors: [
    {
      ...{ name: "services", axis: "impact", weight: 1, atLeast: [] },
      source: { kind: "circumstance", name: "services" },
      scale: { kind: "points", points: [[1, 0], [2, 0.5], [3, 1]] },
    },
    {
      ...{ name: "tenant", axis: "impact", weight: 1, atLeast: [] },
      source: { kind: "said", names: ["tenant_id"], per: [], matchers: [] },
      scale: { kind: "words", words: { acme: 1 }, otherwise: null },
    },
    {
      ...{ name: "time", axis: "urgency", weight: 1, atLeast: [] },
      source: { kind: "circumstance", name: "minutes" },
      scale: { kind: "points", points: [[0, 0], [0.05, 0.5], [0.1, 1]] },
    },
  ],
};

/** Lives are short, so that a run sees incidents retire as well as open. */
export const incidentConfig: IncidentConfig = {
  dispatch: simDispatch(),
  hash: "incident-1",
  groupBy: ["alertname", "service"],
  correlation: {
    ...{ enabled: true, windowMs: 5_000, labels: ["service", "model_id"], weights: {} },
    ...{ agree: ["instance"], topology },
  },
  reopenWindowMs: 10_000,
  closeAfterMs: 15_000,
  retireAfterMs: 15_000,
  flapping: { enabled: true, threshold: 3, windowMs: 8_000, coolDownMs: 4_000 },
  severity,
  policies: {
    night: {
      name: "night",
      levels: [
        { afterMs: 0, receivers: ["primary"] },
        { afterMs: 4_000, receivers: ["secondary", "chat"] },
      ],
      repeats: 1,
      repeatAfterMs: 6_000,
    },
  },
  rules: [{ matchers: [{ label: "severity", op: "=", value: "critical" }], policy: "night" }],
};

export type Spine = { dedup: Seat[]; incident: Seat[] };

export const newDedupStage = (): DedupStage => new DedupStage({ codec, config: null });
export const newIncidentStage = (partition: number): IncidentStage =>
  new IncidentStage({ codec, partition, config: null });

/** Any fixed function does, as long as both sides agree on it. */
export function incidentPartitionOf(domain: string): number {
  let sum = 0;
  for (const char of domain) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 65_521;
  return sum % incidentPartitions;
}

export function buildSpine(world: World): Spine {
  const limits = limitsOf(world);
  const seats = (
    stage: StageName,
    count: number,
    host: (partition: number, shared: Shared, around: Surroundings) => PartitionHost,
  ): Seat[] =>
    Array.from(
      { length: count },
      (_, partition) =>
        new Seat(world, `${stage}.${partition}`, (around) =>
          host(partition, shared(world, limits, stage, partition, around), around),
        ),
    );
  return {
    dedup: seats("dedup", dedupPartitions, (_, options) => dedupHost(options)),
    incident: seats("incident", incidentPartitions, (_, options, around) =>
      incidentHost(world, options, around),
    ),
  };
}

/** Small limits reach their edges often. */
function limitsOf(world: World): ProcessorLimits {
  const { random } = world;
  return {
    ...defaultProcessorLimits,
    recordsPerStepMax: random.pick([1, 4, 64]),
    outputsPerStepMax: random.pick([1, 5, 200]),
    stepBytesMax: 6 * 1024,
    snapshotEveryMs: random.pick([500, 5_000, 30_000]),
    snapshotEveryOutputs: random.pick([3, 50, 20_000]),
  };
}

/** What hosts of both stages need. */
function shared(
  world: World,
  limits: ProcessorLimits,
  stage: StageName,
  partition: number,
  { link, owner, suspects, logger }: Surroundings,
) {
  return {
    partition,
    owner,
    suspects,
    causeOfDeath: "",
    logger,
    limits,
    codec,
    log: laneLog(world, link),
    snapshots: new SimSnapshots(world.snapshots, link),
    clock: world.scheduler,
    subjects: {
      input: stage === "dedup" ? inputSubject(partition, world.lanes) : workSubject(partition),
      step: stepSubject(stage, partition),
      dead: deadSubject(stage, partition),
    },
  };
}

type Shared = ReturnType<typeof shared>;

/** The log as a program sees it that has this link. */
export function laneLog(world: World, link: SimLink): LaneLog {
  const lanes = lanesOf(dedupPartitions, world.lanes);
  return new LaneLog(new SimLog(world.log, link), lanes, world.laneTrackers);
}

function dedupHost(options: Shared): PartitionHost {
  const workSubjectOf = (domain: string): string => workSubject(incidentPartitionOf(domain));
  return new DedupHost({ ...options, workSubjectOf });
}

function incidentHost(world: World, options: Shared, { link }: Surroundings): PartitionHost {
  return new IncidentHost({
    ...options,
    timers: new SimTimers(world.timers, link),
    state: new SimState(world.state, link),
    incidents: new SimPublicStream(world.log, link, "incidents."),
    outbox: new SimPublicStream(world.log, link, "outbox."),
    reply: () => {},
    incidentSubject: ({ kind, incident }) =>
      incidentSubject(incident.tenant, incident.severity, incident.service, kind),
    outboxSubject: () => outboxSubject("webhook"),
  });
}
