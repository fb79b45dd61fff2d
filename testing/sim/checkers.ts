/**
 * What must hold of every run, however bad its faults were (design, section 3). Each checker
 * reads only what the servers stored and returns the violations that it found.
 */
import type { IncidentOutput } from "../../actors/incident/types.ts";
import { cloudEvent, isPublic } from "../../runtime/cloud-event.ts";
import type { Stage } from "../../runtime/stage.ts";
import type { DedupOutput, StageName } from "../../runtime/step.ts";
import type { WorkRecord } from "../../runtime/work.ts";
import { codec } from "../../streams/codec.ts";
import { stepSubject, workSubject } from "../../streams/subjects.ts";
import { countByFingerprint } from "./frame-counts.ts";
import type { StoredRecord } from "../sim-log.ts";
import { inputOf } from "./lane-inputs.ts";
import { newDedupStage, newIncidentStage } from "./spine.ts";
import { outputsOf, stepRecords } from "./step-logs.ts";
import type { Workload } from "./workload.ts";
import { dedupPartitions, incidentPartitions, type World } from "./world.ts";

type Checker = (world: World, workload: Workload) => string[];

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const dedupLogs = (): string[] => range(dedupPartitions).map((p) => stepSubject("dedup", p));
const incidentLogs = (): string[] =>
  range(incidentPartitions).map((q) => stepSubject("incident", q));

/** I1, I6: each stored alert is in exactly one event; each acknowledged frame was stored. */
const accounting: Checker = (world, workload) => {
  const faults: string[] = [];
  const stored = new Set(world.log.everStored("in.").map((record) => record.messageId));
  for (const id of workload.acknowledged) {
    if (!stored.has(id)) faults.push(`${id} was acknowledged but never stored`);
  }
  for (const partition of range(dedupPartitions)) {
    const frames = inputOf(world, partition);
    const expected = countByFingerprint(frames.map((record) => record.data));
    const actual = new Map<string, number>();
    const steps = stepRecords<DedupOutput>(world, stepSubject("dedup", partition));
    for (const { output } of outputsOf(steps)) {
      const { event } = output;
      const key = event.kind === "rejected" ? "rejected" : event.fingerprint;
      actual.set(key, (actual.get(key) ?? 0) + event.received);
    }
    for (const key of new Set([...expected.keys(), ...actual.keys()])) {
      const [sent, counted] = [expected.get(key) ?? 0, actual.get(key) ?? 0];
      if (sent !== counted) faults.push(`alert ${key}: ${sent} stored, ${counted} in events`);
    }
  }
  return faults;
};

/** I2, I3: after a claim nobody else writes; input positions only grow. */
const oneWriter: Checker = (world) => {
  const faults: string[] = [];
  for (const subject of [...dedupLogs(), ...incidentLogs()]) {
    let owner = "";
    let appends = 0;
    let inputSeq = -1;
    for (const { seq, record } of stepRecords<unknown>(world, subject)) {
      if (record.kind === "claim") {
        if (record.n !== 1) faults.push(`${subject} ${seq}: a claim with n ${record.n}`);
        owner = record.owner;
        appends = 1;
        continue;
      }
      appends += 1;
      if (record.owner !== owner) faults.push(`${subject} ${seq}: ${record.owner} after ${owner}`);
      if (record.n !== appends) faults.push(`${subject} ${seq}: n ${record.n}, not ${appends}`);
      if (record.kind !== "step") continue;
      if (record.inputSeq < inputSeq) faults.push(`${subject} ${seq}: input went back`);
      inputSeq = record.inputSeq;
    }
  }
  return faults;
};

/** I4: a fresh stage fed the whole input log tells the same story as the step log. */
const determinism: Checker = (world) => [
  ...range(dedupPartitions).flatMap((p) =>
    replays<DedupOutput>(world, "dedup", p, inputOf(world, p), newDedupStage()),
  ),
  ...range(incidentPartitions).flatMap((q) =>
    replays<IncidentOutput>(world, "incident", q, workOf(world, q), newIncidentStage(q)),
  ),
];

function workOf(world: World, partition: number): StoredRecord[] {
  const subject = workSubject(partition);
  return world.log.everStored(subject).filter((record) => record.subject === subject);
}

function replays<Output>(
  world: World,
  stageName: StageName,
  partition: number,
  input: StoredRecord[],
  stage: Stage<Output>,
): string[] {
  const steps = stepRecords<Output>(world, stepSubject(stageName, partition));
  const dead = new Set(
    steps.flatMap(({ record }) => (record.kind === "dead" ? [record.deadSeq] : [])),
  );
  const through = Math.max(0, ...steps.map(({ record }) => record.inputSeq));
  const outputs: Output[] = [];
  const emit = (output: Output): void => void outputs.push(output);
  let timeMs = 0;
  for (const record of input) {
    if (record.seq > through) continue;
    timeMs = Math.max(timeMs, record.timeMs);
    if (dead.has(record.seq)) continue;
    stage.advance(timeMs, emit);
    stage.apply(record.data, { seq: record.seq, timeMs }, emit);
  }
  const told = outputsOf(steps).map(({ output }) => output);
  const at = range(Math.max(told.length, outputs.length)).find(
    (index) => !same(told[index], outputs[index]),
  );
  if (at === undefined) return [];
  const text = (output: Output | undefined): string => JSON.stringify(output) ?? "nothing";
  return [
    `${stageName}.${partition}: output ${at} of ${told.length} is ${text(told[at])}, ` +
      `replayed ${text(outputs[at])}`,
  ];
}

function same(a: unknown, b: unknown): boolean {
  return a !== undefined && b !== undefined
    ? Buffer.compare(codec.encode(a), codec.encode(b)) === 0
    : false;
}

/** I7: what relays made public is what the steps say, each exactly once. */
const published: Checker = (world) => {
  const events = new Map<string, Uint8Array>();
  const notifications = new Map<string, Uint8Array>();
  const faults: string[] = [];
  for (const partition of range(incidentPartitions)) {
    const steps = stepRecords<IncidentOutput>(world, stepSubject("incident", partition));
    for (const { seq, index, output } of outputsOf(steps)) {
      const origin = `${partition}:${seq}:${index}`;
      if (output.kind === "event" && isPublic(output.event.kind)) {
        events.set(origin, cloudEvent(origin, output.event));
      }
      if (output.kind !== "notify" && output.kind !== "notifyGroup") continue;
      const { id } = output.notification;
      if (notifications.has(id)) faults.push(`notification ${id} was decided twice`);
      notifications.set(id, codec.encode(output.notification));
    }
  }
  faults.push(...exactlyOnce(world, "incidents.", events));
  faults.push(...exactlyOnce(world, "outbox.", notifications));
  return faults;
};

function exactlyOnce(
  world: World,
  subjectStart: string,
  expected: Map<string, Uint8Array>,
): string[] {
  const faults: string[] = [];
  const seen = new Set<string>();
  for (const { seq, messageId, data } of world.log.everStored(subjectStart)) {
    const id = messageId ?? "";
    const where = `${subjectStart} ${seq}: ${id}`;
    if (seen.has(id)) faults.push(`${where} was published twice`);
    seen.add(id);
    const wanted = expected.get(id);
    if (wanted === undefined) faults.push(`${where} is in no step`);
    else if (Buffer.compare(wanted, data) !== 0) faults.push(`${where} differs from its step`);
  }
  for (const id of expected.keys()) {
    if (!seen.has(id)) faults.push(`${subjectStart} ${id} was never published`);
  }
  return faults;
}

/** I8: between the stages repeats are fine, but nothing is overtaken by what follows it. */
const handedOn: Checker = (world) => {
  const faults: string[] = [];
  const seen = range(dedupPartitions).map(() => new Set<string>());
  for (const target of range(incidentPartitions)) {
    const last = range(dedupPartitions).map(() => ({ stepSeq: 0, index: -1 }));
    for (const { subject, seq, data } of world.log.everStored("work.")) {
      if (subject !== workSubject(target)) continue;
      const record = readable(data);
      if (record?.kind !== "alerts") continue;
      for (const { stepSeq, index } of record.items) {
        const id = `${stepSeq}:${index}`;
        const before = last[record.partition];
        if (before === undefined || seen[record.partition]?.has(id)) continue;
        const news =
          stepSeq > before.stepSeq || (stepSeq === before.stepSeq && index > before.index);
        if (!news) faults.push(`${subject} ${seq}: ${record.partition}:${id} came too late`);
        last[record.partition] = { stepSeq, index };
        seen[record.partition]?.add(id);
      }
    }
  }
  for (const partition of range(dedupPartitions)) {
    const steps = stepRecords<DedupOutput>(world, stepSubject("dedup", partition));
    for (const { seq, index, output } of outputsOf(steps)) {
      const { event } = output;
      const ends =
        event.kind === "rejected" || (event.kind === "resolved" && event.by === "unmatched");
      const arrived = seen[partition]?.has(`${seq}:${index}`) ?? false;
      if (ends === arrived) faults.push(`dedup.${partition} ${seq}:${index} ${event.kind} lost`);
    }
  }
  return faults;
};

function readable(data: Uint8Array): WorkRecord | null {
  try {
    return codec.decode(data) as WorkRecord;
  } catch {
    return null;
  }
}

/** I5: a timer fires once: no incident climbs to the same level of the same round twice. */
const timersFireOnce: Checker = (world) => {
  const faults: string[] = [];
  for (const subject of incidentLogs()) {
    const seen = new Set<string>();
    for (const { output } of outputsOf(stepRecords<IncidentOutput>(world, subject))) {
      if (output.kind !== "event") continue;
      const { kind, incident, atMs } = output.event;
      if (beginsAnew.has(kind) || (kind === "severityRaised" && incident.flapping)) {
        forget(seen, incident.id);
      }
      if (kind !== "escalated" && kind !== "closed" && kind !== "retired") continue;
      const { level, round } = incident.escalation ?? { level: 0, round: 0 };
      const key = `${incident.id} ${kind} ${kind === "escalated" ? `${round}/${level}` : ""}`;
      if (seen.has(key)) faults.push(`${key} happened twice, again at ${atMs}`);
      seen.add(key);
    }
  }
  return faults;
};

/**
 * An incident that reopens, still fires once it has flapped, or becomes as severe again as it was
 * before somebody lowered it, begins to climb anew.
 */
const beginsAnew = new Set<string>(["reopened", "flappingEnded", "severityLowered"]);

function forget(seen: Set<string>, incidentId: string): void {
  for (const key of [...seen]) if (key.startsWith(`${incidentId} `)) seen.delete(key);
}

const checkers: Record<string, Checker> = {
  accounting,
  "one writer": oneWriter,
  determinism,
  published,
  "handed on": handedOn,
  "timers fire once": timersFireOnce,
};

/** Prefixes each violation with the checker's name; a broken run has many, some are enough. */
export function check(world: World, workload: Workload): string[] {
  return Object.entries(checkers).flatMap(([name, checker]) =>
    checker(world, workload)
      .slice(0, 5)
      .map((fault) => `${name}: ${fault}`),
  );
}
