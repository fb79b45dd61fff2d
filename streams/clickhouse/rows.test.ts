import { expect, test } from "vitest";
import type { AlertEvent } from "../../actors/alert/events.ts";
import type {
  IncidentEvent,
  IncidentOutput,
  IncidentView,
} from "../../actors/incident/types.ts";
import { relayStart } from "../../runtime/step.ts";
import { sampleIncident } from "../../testing/sample-notification.ts";
import { AlertIdentities } from "./alert-identity.ts";
import {
  addRows,
  countRows,
  noRows,
  strangers,
  withoutOldStates,
  type Rows,
  type StepMessage,
} from "./rows.ts";

const head = {
  owner: "o",
  n: 2,
  inputSeq: 5,
  timeMs: 1_700_000_000_000,
  relayed: relayStart,
  snapshot: "",
};

function dedup(events: AlertEvent[], seq = 9): StepMessage {
  const outputs = events.map((event) => ({ domain: "acme/prod", event }));
  return {
    stage: "dedup",
    subject: "step.dedup.3",
    seq,
    step: { kind: "step", ...head, outputs },
  };
}

function rowsOf(outputs: IncidentOutput[]): Rows {
  const rows = noRows();
  const step = { kind: "step", ...head, outputs } as const;
  const message: StepMessage = { stage: "incident", subject: "step.incident.1", seq: 7, step };
  addRows(rows, message, new AlertIdentities());
  return rows;
}

const opened: AlertEvent = {
  kind: "opened",
  fingerprint: "00000000000000aa",
  atMs: 1_700_000_000_001,
  received: 1,
  startsAtMs: Date.UTC(1, 0, 1) - 1e12 * 60,
  endsAtMs: Date.UTC(9999, 0, 1),
  body: {
    labels: { tenant: "acme", env: "prod", app: "chat", alertname: "Slow", severity: "page" },
    annotations: { summary: "slow" },
    generatorURL: "http://grafana/1",
    dedupKey: "k",
  },
};
const identity = {
  tenant: "acme",
  environment: "prod",
  service: "chat",
  alertname: "Slow",
  severity: "page",
};

test("an opened alert gives an event row and a body row, with storable times", () => {
  const rows = noRows();
  addRows(rows, dedup([opened]), new AlertIdentities());
  expect(countRows(rows)).toBe(2);
  expect(rows.alert_events[0]).toMatchObject({
    ...identity,
    received: 1,
    starts_at: Date.UTC(1900, 0, 1),
    ends_at: Date.UTC(2299, 11, 31),
    dedup_key: "k",
    domain: "acme/prod",
    partition: 3,
    step_seq: 9,
    idx: 0,
  });
  expect(rows.alerts[0]).toMatchObject({ ...identity, fingerprint: "00000000000000aa" });
});

test("later events carry the identity that the opening taught, unknown ones a placeholder", () => {
  const memory = new AlertIdentities();
  addRows(noRows(), dedup([opened]), memory);
  const later: AlertEvent = {
    ...{ kind: "refreshed", fingerprint: "00000000000000aa", atMs: 1_700_000_000_500 },
    ...{ received: 12, fromMs: 1_700_000_000_002, endsAtMs: 1_700_000_001_000 },
  };
  const rows = noRows();
  addRows(rows, dedup([later, { ...later, fingerprint: "00000000000000bb" }]), memory);
  expect(rows.alert_events[0]).toMatchObject({ ...identity, kind: "refreshed", received: 12 });
  expect(rows.alert_events[1]).toMatchObject({ service: "unknown", tenant: "default", idx: 1 });
  expect(rows.alerts).toEqual([]);
});

test("only fingerprints that are neither known nor introduced earlier are strangers", () => {
  const resolve = (fingerprint: string): AlertEvent => ({
    ...{ kind: "resolved", fingerprint, atMs: 1, received: 0, endedAtMs: 1 },
    ...{ by: "end time", total: 1 },
  });
  const messages = [dedup([resolve("b"), resolve("c")]), dedup([opened, resolve("b")])];
  messages.push(dedup([resolve(opened.fingerprint)]));
  expect(strangers(messages, (fingerprint) => fingerprint === "c")).toEqual(["b"]);
});

test("the memory of identities is bounded and forgets what was unused for longest", () => {
  const memory = new AlertIdentities(2);
  memory.learn("a", identity);
  memory.learn("b", identity);
  memory.get("a");
  memory.learn("c", identity);
  expect(["a", "b", "c"].map((fingerprint) => memory.has(fingerprint))).toEqual([
    true,
    false,
    true,
  ]);
});

test("incident outputs go to their tables; a timer leaves no row", () => {
  const incident = sampleIncident({ created_at: "2023-11-14T22:13:20.000Z" });
  const event = (kind: IncidentEvent["kind"], detail: IncidentEvent["detail"]): IncidentOutput => ({
    kind: "event",
    event: { kind, atMs: 1_700_000_000_000, by: "delivery", because: "said 200", incident, detail },
  });
  const rows = rowsOf([
    event("opened", { alerts: 3 }),
    event("delivered", { receiver: "ops", channel: "webhook", attempt: 2, notification_id: "n1" }),
    {
      kind: "notify",
      notification: { id: "n1", receiver: "ops", reason: "opened", level: 1, atMs: 5, incident },
    },
    { kind: "timer", id: incident.id, generation: 1, fireAtMs: 9 },
    {
      kind: "reply",
      replyTo: "inbox",
      commandId: "c1",
      outcome: { kind: "notFound", reason: "no such incident" },
    },
  ]);
  expect(rows.incident_events.map((row) => [row["event"], row["idx"], row["detail"]])).toEqual([
    ["opened", 0, { alerts: "3" }],
    [
      "delivered",
      1,
      { receiver: "ops", channel: "webhook", attempt: "2", notification_id: "n1" },
    ],
  ]);
  expect(rows.notifications.map((row) => [row["event"], row["idx"], row["attempt"]])).toEqual([
    ["delivered", 1, 2],
    ["decided", 2, undefined],
  ]);
  expect(rows.command_outcomes).toEqual([
    {
      time: head.timeMs,
      command_id: "c1",
      outcome: "notFound",
      reason: "no such incident",
      incident_id: "",
      partition: 1,
      step_seq: 7,
      idx: 4,
    },
  ]);
  expect(rows.incident_states[0]).toMatchObject({ id: incident.id, created_at: 1_700_000_000_000 });
});

test("scores are rows in whole points, and absent ones have no level", () => {
  const score = { score: 66.5, level: "SEV2" } as IncidentView["severity_score"];
  const rows = [sampleIncident({ severity_score: score }), sampleIncident()].map((incident) => {
    const common = { atMs: 1, by: "alerts", because: "", detail: {} };
    return rowsOf([{ kind: "event", event: { kind: "opened", ...common, incident } }]);
  });
  const columns = rows.map((each) => [each.incident_events[0], each.incident_states[0]]);
  const scored = { severity_score: 67, severity_level: "SEV2" };
  const none = { severity_score: 0, severity_level: "" };
  expect(columns).toMatchObject([[scored, scored], [none, none]]);
  expect(columns.flat().every((row) => !("severity_set" in (row ?? {})))).toBe(true);
});

test("of the states of a range the newest of each incident and alert is kept, events all", () => {
  const rows = noRows();
  const state = (id: string, version: number) => ({ id, version });
  rows.incident_states.push(state("a", 1), state("b", 1), state("a", 2));
  rows.alerts.push({ fingerprint: "f", step_seq: 3 }, { fingerprint: "f", step_seq: 4 });
  rows.incident_events.push({ step_seq: 3, idx: 0 }, { step_seq: 3, idx: 1 });
  const kept = withoutOldStates(rows);
  expect(kept.incident_states).toEqual([state("a", 2), state("b", 1)]);
  expect(kept.alerts).toEqual([{ fingerprint: "f", step_seq: 4 }]);
  expect(kept.incident_events).toEqual(rows.incident_events);
});
