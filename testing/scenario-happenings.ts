/** What happens in a story: the records that the incident stage is given. */
import type { AlertEvent, Labels } from "../actors/alert/events.ts";
import type {
  CommandAction,
  DeliveryReport,
  IncidentConfig,
} from "../actors/incident/types.ts";
import type { WorkRecord } from "../runtime/work.ts";
import type { Happening, Told } from "./scenario.ts";

export type AlertTraits = {
  /** Tells alerts of one name apart; part of the fingerprint. */
  instance?: string;
  labels?: Labels;
  annotations?: Labels;
  dedupKey?: string | null;
};

/** Where the test's replies go; an empty one would mean that nobody waits. */
const inbox = "_INBOX.story";

export function alertFired(name: string, traits: AlertTraits = {}): Happening {
  return happening((told) => alerts(told, [bodied("opened", name, traits, told.nowMs)]));
}

export function alertChanged(name: string, traits: AlertTraits = {}): Happening {
  return happening((told) => alerts(told, [bodied("changed", name, traits, told.nowMs)]));
}

export function alertRepeated(name: string, received: number, instance = ""): Happening {
  return happening((told) => {
    const { nowMs: atMs } = told;
    const fingerprint = fingerprintOf(name, instance);
    const endsAtMs = atMs + 300_000;
    return alerts(told, [
      { kind: "refreshed", fingerprint, atMs, received, fromMs: atMs, endsAtMs },
    ]);
  });
}

export function alertResolved(
  name: string,
  instance = "",
  by: "sender" | "end time" | "unmatched" = "sender",
): Happening {
  return happening((told) => {
    const { nowMs: atMs } = told;
    const fingerprint = fingerprintOf(name, instance);
    const received = by === "end time" ? 0 : 1;
    return alerts(told, [
      { kind: "resolved", fingerprint, atMs, received, endedAtMs: atMs, by, total: 2 },
    ]);
  });
}

/** Several alerts in one record, as a step of the dedup stage brings them. */
export function together(...happenings: Happening[]): Happening {
  return happening((told) => {
    const events = happenings.flatMap((one) => {
      const record = one.record(told);
      const items = record.kind === "alerts" ? record.items : [];
      return items.flatMap((item) => ("event" in item ? [item.event] : []));
    });
    return alerts(told, events);
  });
}

export type CommandTraits = { on?: string; by?: string; id?: string };

let commandsMade = 0;

/** `on` names the incident by its alert, its title or its id. */
export function command(action: CommandAction, traits: CommandTraits = {}): Happening {
  commandsMade += 1;
  const { on, by = "ada", id = `command-${commandsMade}` } = traits;
  return happening((told) => {
    const incidentId = on === undefined ? null : told.incident(on);
    return { kind: "command", command: { id, incidentId, by, action, replyTo: inbox } };
  });
}

export function created(
  title: string,
  more: Partial<Extract<CommandAction, { kind: "create" }>> = {},
  traits: CommandTraits = {},
): Happening {
  const blank = { description: "", severity: "high", service: "", labels: {}, dedupKey: null };
  return command({ kind: "create", title, ...blank, ...more } as CommandAction, traits);
}

/** A reader of texts proposes that the incident of `on` is the trouble of another. */
export function related(on: string, to: string, traits: CommandTraits = {}): Happening {
  const { by = "correlation" } = traits;
  return happening((told) => {
    const [incidentId, older] = [told.incident(on), told.incident(to)];
    const { id = `relate:${incidentId}:${older}` } = traits;
    const because = "both say that payments time out";
    const evidence = { kind: "embedding", score: 0.91, because } as const;
    const action: CommandAction = { kind: "relate", to: older, evidence };
    return { kind: "command", command: { id, incidentId, by, action, replyTo: inbox } };
  });
}

export function merged(on: string, into: string, traits: CommandTraits = {}): Happening {
  const { by = "ada", id = `merge-${on}-${into}` } = traits;
  return happening((told) => {
    const action: CommandAction = { kind: "merge", into: told.incident(into) };
    const incidentId = told.incident(on);
    return { kind: "command", command: { id, incidentId, by, action, replyTo: inbox } };
  });
}

export function configured(config: IncidentConfig): Happening {
  return happening(() => ({ kind: "config", config }));
}

export function delivery(on: string, report: Partial<DeliveryReport>): Happening {
  return happening((told) => ({
    kind: "delivery",
    report: {
      notificationId: "n-1",
      incidentId: told.incident(on),
      receiver: "primary",
      channel: "webhook",
      attempt: 1,
      outcome: "delivered",
      detail: "200 OK",
      ...report,
    },
  }));
}

/** Time passes this instant: what is due at it happens, by a wake a millisecond later. */
export function nothing(): Happening {
  return { record: () => ({ kind: "wake" }), takesMs: 1 };
}

/** Exactly this record. */
export function recorded(record: WorkRecord): Happening {
  return happening(() => record);
}

/** Stands for the hash of the dedup stage: stable, and different for different alerts. */
export function fingerprintOf(name: string, instance: string): string {
  let hash = 0x811c9dc5;
  for (const char of `${name}/${instance}`) {
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(16, "0");
}

function happening(record: (told: Told) => WorkRecord): Happening {
  return { record, takesMs: 0 };
}

function alerts(told: Told, events: AlertEvent[]): WorkRecord {
  const { stepSeq } = told.nextOrigin();
  const items = events.map((event, index) => ({ stepSeq, index, event }));
  return { kind: "alerts", partition: 0, items };
}

function bodied(
  kind: "opened" | "changed",
  name: string,
  traits: AlertTraits,
  atMs: number,
): AlertEvent {
  const { instance = "", labels = {}, annotations = {}, dedupKey = null } = traits;
  const extra: Labels = instance === "" ? {} : { instance };
  return {
    kind,
    fingerprint: fingerprintOf(name, instance),
    atMs,
    received: 1,
    startsAtMs: atMs,
    endsAtMs: atMs + 300_000,
    body: {
      labels: { alertname: name, ...extra, ...labels },
      annotations,
      generatorURL: "",
      dedupKey,
    },
  };
}
