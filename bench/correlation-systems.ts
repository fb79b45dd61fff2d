/** What gathers alerts into incidents: Tocsin's incident stage, and two simpler ways to compare. */
import type { HistorySnapshot } from "../actors/correlation/history.ts";
import type { EscalationPolicy } from "../actors/escalation/escalation.ts";
import { groupKeyOf, identityOf, labelOf } from "../actors/incident/identity.ts";
import { severityOf } from "../actors/incident/severity.ts";
import type { IncidentConfig, IncidentOutput } from "../actors/incident/types.ts";
import { defaultIncidentConfig, IncidentStage } from "../runtime/incident-stage.ts";
import { codec } from "../streams/codec.ts";
import type { Clustering } from "./correlation-scores.ts";
import type { Firing, Storm } from "./correlation-storms.ts";

export type System = (storm: Storm) => Clustering;

export type Correlation = IncidentConfig["correlation"];

const oncall: EscalationPolicy = {
  ...{ name: "oncall", repeats: 0, repeatAfterMs: 0 },
  levels: [{ afterMs: 0, receivers: ["oncall"] }],
};

/** The incident stage itself, in simulated time; critical and high incidents page. */
export function tocsinWith(correlation: Correlation, learnt?: HistorySnapshot): System {
  return (storm) => {
    const listener = new Listener();
    play(storm, stageWith(correlation, learnt), 0, listener.hear);
    return listener.clustering(storm.firings);
  };
}

/** Between two storms of the past, so that each is an occasion of its own. */
const betweenStormsMs = 6 * 3_600_000;

/** What history teaches that has these storms, the last of them shortly before now. */
export function historyOf(correlation: Correlation, storms: readonly Storm[]): HistorySnapshot {
  let learnt: HistorySnapshot | undefined;
  storms.forEach((storm, n) => {
    // Storms use the same fingerprints: each has incidents of its own.
    const stage = stageWith(correlation, learnt);
    play(storm, stage, (n - storms.length) * betweenStormsMs, () => {});
    learnt = stage.snapshot().desk.history;
  });
  if (learnt === undefined) throw new Error("there are no storms to learn from");
  return learnt;
}

function stageWith(correlation: Correlation, learnt: HistorySnapshot | undefined): IncidentStage {
  const config: IncidentConfig = {
    ...defaultIncidentConfig,
    ...{ hash: "bench", correlation, policies: { oncall } },
    rules: [
      { matchers: [{ label: "severity", op: "=~", value: "critical|high" }], policy: "oncall" },
    ],
  };
  const stage = new IncidentStage({ codec, partition: 0, config });
  if (learnt === undefined) return stage;
  const { desk, ...snapshot } = stage.snapshot();
  stage.restore({ ...snapshot, desk: { ...desk, history: learnt } });
  return stage;
}

function play(
  storm: Storm,
  stage: IncidentStage,
  laterMs: number,
  hear: (output: IncidentOutput) => void,
): void {
  storm.records.forEach(({ timeMs, data }, index) => {
    const atMs = timeMs + laterMs;
    stage.advance(atMs, hear);
    stage.apply(data, { seq: index + 1, timeMs: atMs }, hear);
  });
}

/** Learns from the stage's outputs which alert went where: by what it says, not what it holds. */
class Listener {
  /** Of each alert that began to fire, in order: where it was put. */
  #places: { fingerprint: string; incident: string }[] = [];
  #incidents: Clustering["incidents"] = new Map();
  #heirs = new Map<string, string>();

  hear = (output: IncidentOutput): void => {
    if (output.kind === "notify") {
      const { reason, incident } = output.notification;
      const told = this.#incidents.get(incident.id);
      if (told !== undefined && reason !== "resolved") told.pages = true;
    }
    if (output.kind !== "event") return;
    const { kind, incident, detail } = output.event;
    const pages = this.#incidents.get(incident.id)?.pages ?? false;
    const service = incident.root?.service ?? incident.service;
    this.#incidents.set(incident.id, { pages, service });
    if (kind === "opened" || kind === "alertJoined" || kind === "reopened") {
      this.#places.push({ fingerprint: String(detail["fingerprint"]), incident: incident.id });
    }
    if (kind === "alertsMoved" && "from" in detail) {
      for (const moved of String(detail["fingerprints"]).split(",")) {
        const place = this.#places.findLast(({ fingerprint }) => fingerprint === moved);
        if (place !== undefined) place.incident = incident.id;
      }
    }
    if (kind === "merged" && "into" in detail) this.#heirs.set(incident.id, String(detail["into"]));
  };

  /** @throws Error when the stage did not place each alert, in its turn. */
  clustering(firings: Firing[]): Clustering {
    const placed = firings.map(({ fingerprint, cause }, at) => {
      const place = this.#places[at];
      if (place?.fingerprint !== fingerprint) {
        throw new Error(`alert ${fingerprint} was placed as ${place?.fingerprint ?? "nothing"}`);
      }
      return { cause, incident: this.#heirOf(place.incident) };
    });
    // Whoever was woken by one that was merged later has been woken.
    return { placed, incidents: this.#incidents };
  }

  #heirOf(incident: string): string {
    const heir = this.#heirs.get(incident);
    return heir === undefined ? incident : this.#heirOf(heir);
  }
}

/**
 * Alertmanager with `group_by: [alertname, service]`: one group for the whole storm, which is
 * kind to it, since a group that ended and begins again notifies anew.
 */
export const alertmanagerGroups: System = byKey(({ labels }) =>
  groupKeyOf(labels, null, ["alertname", "service"]),
);

/** Repeats of one alert are one, and that is all. */
export const plainDedup: System = byKey(({ fingerprint }) => fingerprint);

/** One incident for each key; it pages if one of its alerts is critical or high. */
export function byKey(keyOf: (firing: Firing) => string): System {
  return ({ firings }) => {
    const incidents: Clustering["incidents"] = new Map();
    const placed = firings.map((firing) => {
      const key = keyOf(firing);
      const severity = severityOf(labelOf(firing.labels, "severity"));
      const incident = incidents.get(key) ?? {
        ...{ pages: false, service: identityOf(firing.labels).service },
      };
      if (severity === "critical" || severity === "high") incident.pages = true;
      incidents.set(key, incident);
      return { cause: firing.cause, incident: key };
    });
    return { placed, incidents };
  };
}
