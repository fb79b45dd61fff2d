/** What bounds the memory of a partition (I9), at the bounds themselves. */
import { describe, expect, test } from "vitest";
import { defaultIncidentConfig } from "../../runtime/incident-stage.ts";
import { fingerprintOf } from "../../testing/scenario-happenings.ts";
import type { AlertEvent } from "../alert/events.ts";
import { applyAlert } from "./alerts.ts";
import { CommandMemory, outcomesMax } from "./command-memory.ts";
import { Desk, incidentsMax } from "./desk.ts";
import { aliasesMax, blankIncident, membersMax } from "./incident.ts";
import { beginTurn, endTurn } from "./turn.ts";
import type { Command, CommandOutcome, IncidentOutput } from "./types.ts";

function newDesk(): Desk {
  return new Desk(0, { ...defaultIncidentConfig, groupBy: ["alertname"] }, 4711);
}

function fired(name: string): AlertEvent {
  return {
    kind: "opened",
    fingerprint: fingerprintOf(name, ""),
    atMs: 1,
    received: 1,
    startsAtMs: 1,
    endsAtMs: 2,
    body: { labels: { alertname: name }, annotations: {}, generatorURL: "", dedupKey: null },
  };
}

function feed(desk: Desk, seq: number, ...events: AlertEvent[]): IncidentOutput[] {
  const outputs: IncidentOutput[] = [];
  const turn = beginTurn(desk, 1_000, seq, (output) => outputs.push(output));
  for (const event of events) applyAlert(turn, event);
  endTurn(turn);
  return outputs;
}

describe("a partition that is full of incidents", () => {
  test("gathers what is new in one overflow incident per domain, and says so", () => {
    const desk = newDesk();
    const filler = blankIncident("filler", 1, 0);
    for (let n = desk.incidents.size; n < incidentsMax; n += 1) {
      desk.incidents.set(`filler ${n}`, filler);
    }
    const because = `the partition holds its maximum of ${incidentsMax} incidents`;
    expect(feed(desk, 1, fired("a"), fired("b"), fired("c"))).toMatchObject([
      { event: { kind: "opened", because, incident: { group_key: "overflow" } } },
      { event: { kind: "alertJoined", because, incident: { alert_count: 2 } } },
      { event: { kind: "alertJoined", because, incident: { alert_count: 3 } } },
    ]);
    // Room again: a newcomer of a group that met the overflow opens an incident of its own.
    desk.incidents.delete("filler 0");
    desk.incidents.delete("filler 1");
    const again = { ...fired("b"), fingerprint: fingerprintOf("another", "") };
    expect(feed(desk, 2, again)).toMatchObject([
      { event: { kind: "opened", incident: { group_key: "alertname=b" } } },
    ]);
  });
});

describe("an incident that is full of alerts", () => {
  test("leaves a stranger to the next incident, and keeps its own", () => {
    const desk = newDesk();
    feed(desk, 1, fired("a"));
    const full = desk.incidents.get("inc-0-1");
    if (full === undefined) throw new Error("no incident was opened");
    while (full.members.length < membersMax) {
      desk.enrol(full, (full.members.length * 2 ** 33).toString(16).padStart(16, "0"));
    }
    const stranger = { ...fired("a"), fingerprint: fingerprintOf("stranger", "") };
    expect(feed(desk, 2, stranger)).toMatchObject([
      { event: { kind: "opened", incident: { id: "inc-0-2" } } },
    ]);
    expect(feed(desk, 3, fired("a"))).toMatchObject([
      { event: { kind: "alertJoined", incident: { id: "inc-0-1" } } },
    ]);
  });

  test("stops taking further grouping keys at their maximum", () => {
    const desk = newDesk();
    feed(desk, 1, fired("a"));
    const incident = desk.incidents.get("inc-0-1");
    if (incident === undefined) throw new Error("no incident was opened");
    for (let n = 0; n < aliasesMax + 50; n += 1) desk.claim(incident, `key ${n}`);
    expect(incident.aliases).toHaveLength(aliasesMax);
    expect(desk.byGroupKey(incident, `key ${aliasesMax - 1}`)).toBe(incident);
    expect(desk.byGroupKey(incident, `key ${aliasesMax}`)).toBeUndefined();
    desk.drop(incident);
    expect(desk.byGroupKey(incident, "key 0")).toBeUndefined();
    expect([desk.incidents.size, desk.members.size]).toEqual([0, 0]);
  });
});

describe("remembered answers", () => {
  const outcome: CommandOutcome = { kind: "notFound", reason: "x" };
  const command = (n: number, into = "b"): Command => ({
    id: `c${n}`,
    incidentId: "a",
    by: "ada",
    action: { kind: "merge", into },
    replyTo: "",
  });

  test("are bounded, and the oldest go first", () => {
    const memory = new CommandMemory();
    for (let n = 0; n <= outcomesMax; n += 1) memory.remember(command(n), outcome, n);
    expect(memory.entries()).toHaveLength(outcomesMax);
    expect(memory.recall(command(0), outcomesMax)).toEqual({ kind: "unknown" });
    expect(memory.recall(command(1), outcomesMax)).toEqual({ kind: "repeated", outcome });
  });

  test("tell a repetition from another request, whatever the order of its fields", () => {
    const memory = new CommandMemory();
    memory.remember(command(1), outcome, 0);
    expect(memory.recall(command(1, "c"), 1)).toEqual({ kind: "misused" });
    const reordered: Command = { ...command(1), action: { into: "b", kind: "merge" } };
    expect(memory.recall(reordered, 1)).toEqual({ kind: "repeated", outcome });
    expect(memory.recall({ ...command(1), incidentId: "z" }, 1)).toEqual({ kind: "misused" });
  });
});
