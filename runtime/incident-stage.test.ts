import { describe, expect, test } from "vitest";
import type { IncidentOutput } from "../actors/incident/types.ts";
import { codec } from "../streams/codec.ts";
import { happened } from "../testing/scenario-expectations.ts";
import {
  alertFired,
  alertResolved,
  command,
  created,
  nothing,
  recorded,
} from "../testing/scenario-happenings.ts";
import { scenario } from "../testing/scenario.ts";
import { storyConfig } from "../testing/story-config.ts";
import { IncidentStage } from "./incident-stage.ts";
import type { IncidentFilter } from "./services.ts";
import type { WorkRecord } from "./work.ts";

const anything: IncidentFilter = {
  statuses: [],
  severities: [],
  services: [],
  tenants: [],
  text: "",
  createdFromMs: null,
  createdBeforeMs: null,
};

function newStage(partition = 0): IncidentStage {
  return new IncidentStage({ codec, partition, config: null });
}

function feed(stage: IncidentStage, record: WorkRecord, seq: number, timeMs: number) {
  const outputs: IncidentOutput[] = [];
  const emit = (output: IncidentOutput): void => void outputs.push(output);
  stage.advance(timeMs, emit);
  stage.apply(codec.encode(record), { seq, timeMs }, emit);
  return outputs;
}

function create(title: string, service: string): WorkRecord {
  const labels = { tenant: service === "chat" ? "acme" : "globex" };
  const severity = service === "chat" ? "critical" : "low";
  const action = { kind: "create", title, description: "", severity, service, labels } as const;
  const whole = { ...action, dedupKey: null };
  const asked = { incidentId: null, by: "ada", action: whole, replyTo: "" };
  return { kind: "command", command: { id: `create ${title}`, ...asked } };
}

describe("the list", () => {
  /** 30 incidents, two by two at the same time, alternately of two services. */
  function filled(): IncidentStage {
    const stage = newStage(4);
    for (let n = 1; n <= 30; n += 1) {
      feed(stage, create(`Trouble ${n}`, n % 2 === 0 ? "chat" : "search"), n, 1_000 * (n >> 1));
    }
    return stage;
  }

  test("is in pages, newest first, and pages neither repeat nor skip", () => {
    const stage = filled();
    const seen: string[] = [];
    let cursor: string | null = null;
    let pages = 0;
    do {
      const page = stage.list(anything, 7, cursor);
      expect(page.items.length).toBeLessThanOrEqual(7);
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.cursor;
      pages += 1;
    } while (cursor !== null);
    expect(pages).toBe(5);
    expect(new Set(seen).size).toBe(30);
    const times = seen.map((id) => stage.get(id)?.created_at ?? "");
    expect(times).toEqual([...times].sort().reverse());
  });

  test("neither repeats nor skips when all incidents are of one moment", () => {
    const stage = newStage();
    for (let n = 1; n <= 50; n += 1) feed(stage, create(`t${n}`, "chat"), n, 1_000);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = stage.list(anything, 3, cursor);
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.cursor;
    } while (cursor !== null);
    expect(new Set(seen).size).toBe(50);
    expect(seen).toHaveLength(50);
  });

  test("continues at its place when incidents come between the pages", () => {
    const stage = filled();
    const first = stage.list(anything, 10, null);
    feed(stage, create("Newer", "chat"), 31, 60_000);
    const second = stage.list(anything, 10, first.cursor);
    const ids = [...first.items, ...second.items].map(({ id }) => id);
    expect(new Set(ids).size).toBe(20);
    expect(second.items.map(({ title }) => title)).not.toContain("Newer");
  });

  test("keeps to its filter", () => {
    const stage = filled();
    const titles = (filter: Partial<IncidentFilter>): number =>
      stage.list({ ...anything, ...filter }, 100, null).items.length;
    expect(titles({})).toBe(30);
    expect(titles({ services: ["chat"] })).toBe(15);
    expect(titles({ tenants: ["globex", "nobody"] })).toBe(15);
    expect(titles({ severities: ["critical", "high"] })).toBe(15);
    expect(titles({ text: "TROUBLE 2" })).toBe(11);
    expect(titles({ createdFromMs: 5_000, createdBeforeMs: 7_000 })).toBe(4);
    expect(titles({ services: ["chat"], text: "trouble 1" })).toBe(5);
    expect(titles({ statuses: ["open"] })).toBe(30);
    expect(titles({ statuses: ["resolved", "closed"] })).toBe(0);
  });

  test("finds the incident that an alert belongs to, and keeps to the rest of the filter", () => {
    const stage = filled();
    const body = { labels: { service: "db" }, annotations: {}, generatorURL: "", dedupKey: "k" };
    const times = { atMs: 60_000, startsAtMs: 60_000, endsAtMs: 90_000 };
    const fingerprint = "00000000000000ab";
    const event = { kind: "opened" as const, fingerprint, received: 1 as const, ...times, body };
    const items = [{ stepSeq: 1, index: 0, event }];
    feed(stage, { kind: "alerts", partition: 0, items }, 31, 60_000);
    const found = (more: Partial<IncidentFilter>) =>
      stage.list({ ...anything, fingerprint, ...more }, 5, null).items.map((one) => one.dedup_key);
    expect(found({})).toEqual(["k"]);
    expect(found({ tenants: ["globex"] })).toEqual([]);
    expect(found({ fingerprint: "00000000000000ac" })).toEqual([]);
  });

  test("tells open ones from the rest", () => {
    scenario("statuses")
      .at("00:00").when(alertFired("a"), alertFired("b", { labels: { service: "b" } }))
      .at("01:00").when(alertResolved("a"), command({ kind: "acknowledge" }, { on: "b" }))
      .check((stage) => {
        const names = (statuses: IncidentFilter["statuses"]): string[] =>
          stage.list({ ...anything, statuses }, 9, null).items.map(({ id }) => id);
        expect(names(["open"])).toEqual(["inc-0-2"]);
        expect(names(["resolved"])).toEqual(["inc-0-1"]);
        expect(names(["open", "resolved"])).toHaveLength(2);
        expect(names(["triggered"])).toEqual([]);
      });
  });

  test("refuses a cursor that is not one of its own", () => {
    for (const cursor of ["", "x", "eHh4", Buffer.from("zz.evil").toString("base64url")]) {
      expect(() => newStage().list(anything, 5, cursor)).toThrow("cursor");
    }
  });
});

describe("the timeline", () => {
  test("has every step with its reason, times in RFC 3339", () => {
    scenario("timeline", { config: storyConfig() })
      .at("00:00").when(alertFired("db-down"))
      .at("01:00").when(command({ kind: "acknowledge" }, { on: "db-down", by: "ada" }))
      .check((stage) => {
        const entries = stage.timeline("inc-0-1") ?? [];
        expect(entries.map(({ event }) => event)).toEqual(["opened", "notified", "acknowledged"]);
        expect(entries[2]).toEqual({
          at: "2026-01-01T00:01:00.000Z",
          event: "acknowledged",
          by: "ada",
          because: "ada took it",
          detail: {},
        });
        expect(stage.timeline("inc-0-none")).toBeNull();
      });
  });

  test("keeps the newest hundred entries", () => {
    const notes = Array.from({ length: 150 }, (_, n) =>
      command({ kind: "note", text: `note ${n}` }, { on: "db-down" }),
    );
    scenario("long timeline")
      .at("00:00").when(alertFired("db-down"), ...notes)
      .check((stage) => {
        const entries = stage.timeline("inc-0-1") ?? [];
        expect(entries).toHaveLength(100);
        expect(entries[0]?.detail["text"]).toBe("note 50");
        expect(entries[99]?.detail["text"]).toBe("note 149");
      });
  });
});

describe("records", () => {
  const event = {
    kind: "opened",
    fingerprint: "00000000000000aa",
    atMs: 1,
    received: 1,
    startsAtMs: 1,
    endsAtMs: 2,
    body: { labels: { alertname: "a" }, annotations: {}, generatorURL: "", dedupKey: null },
  } as const;

  test("that were relayed twice count once, per source and in part", () => {
    const stage = newStage();
    const item = (stepSeq: number, index: number) => ({ stepSeq, index, event });
    const from = (partition: number, ...items: ReturnType<typeof item>[]): WorkRecord =>
      ({ kind: "alerts", partition, items });
    feed(stage, from(1, item(5, 0)), 1, 1);
    expect(feed(stage, from(1, item(5, 0), item(4, 9)), 2, 2)).toEqual([]);
    const partly = feed(stage, from(1, item(5, 0), item(5, 1)), 3, 3);
    expect(partly).toMatchObject([{ event: { kind: "alertJoined" } }]);
    expect(feed(stage, from(2, item(5, 0)), 4, 4)).toHaveLength(1);
    expect(stage.get("inc-0-1")?.alert_count).toBe(3);
  });

  test("that are no records of this version throw", () => {
    const stage = newStage();
    const at = { seq: 1, timeMs: 1 };
    expect(() => stage.apply(new Uint8Array([9, 9]), at, () => {})).toThrow("version 9");
    const strange = codec.encode({ kind: "strange" });
    expect(() => stage.apply(strange, at, () => {})).toThrow("strange");
  });

  test("of the dedup stage's configuration change nothing", () => {
    const dedup = { hash: "d", rollupFirstMs: 1, rollupMaxMs: 2, domainBy: [] };
    scenario("another's configuration")
      .at("00:00").when(recorded({ kind: "config", config: dedup }), alertFired("a"))
      .then(happened("opened", { incident: { group_key: "alertname=a,service=" } }));
  });

  test("whose time steps back are taken as of now", () => {
    const stage = newStage();
    feed(stage, { kind: "wake" }, 1, 10_000);
    const [opened] = feed(stage, { kind: "alerts", partition: 0, items: [
      { stepSeq: 1, index: 0, event },
    ] }, 2, 4_000);
    expect(opened).toMatchObject({ event: { atMs: 10_000 } });
  });
});

describe("timers", () => {
  test("the live ones are those announced and not gone, with their generation", () => {
    const live = new Map<string, unknown>();
    const generations = new Map<string, number>();
    const follow = (outputs: IncidentOutput[]): void => {
      for (const output of outputs) {
        if (output.kind !== "timer") continue;
        const { id, generation, fireAtMs } = output;
        expect(generation).toBe((generations.get(id) ?? 0) + 1);
        generations.set(id, generation);
        if (fireAtMs === null) live.delete(id);
        else live.set(id, { id, generation, fireAtMs });
      }
    };
    const check = (stage: IncidentStage, outputs: IncidentOutput[]): void => {
      follow(outputs);
      const known = new Map(stage.liveTimers().map((timer) => [timer.id, timer]));
      expect(known).toEqual(live);
    };
    scenario("timers", { config: storyConfig() })
      .at("00:00").when(alertFired("a"), alertFired("b", { labels: { service: "b" } })).check(check)
      .at("05:00").when(nothing()).check(check)
      .at("06:00").when(command({ kind: "acknowledge" }, { on: "a" })).check(check)
      .at("07:00").when(alertResolved("a")).check(check)
      .at("08:00").when(created("c")).check(check)
      .check((stage) => expect(stage.liveTimers()).toHaveLength(3))
      .at("09:00:00").when(nothing()).check(check);
  });

  test("fire strictly after their time, in the order of deadline and id", () => {
    const stage = new IncidentStage({ codec, partition: 0, config: storyConfig() });
    for (let n = 1; n <= 3; n += 1) feed(stage, create(`t${n}`, "s"), n, n === 3 ? 500 : 1_000);
    expect(stage.nextWakeAtMs()).toBe(301_000);
    const outputs: IncidentOutput[] = [];
    stage.advance(301_000, (output) => outputs.push(output));
    expect(outputs).toEqual([]);
    stage.advance(301_001, (output) => outputs.push(output));
    const order = outputs.flatMap((output) =>
      output.kind === "event" && output.event.kind === "escalated" ? output.event.incident.id : [],
    );
    expect(order).toEqual(["inc-0-1", "inc-0-2", "inc-0-3"]);
  });
});

describe("snapshots", () => {
  test("of another version or partition are refused", () => {
    const stage = newStage(1);
    const snapshot = stage.snapshot();
    expect(() => newStage(2).restore(snapshot)).toThrow("partition 1");
    expect(() => newStage(1).restore({ ...snapshot, version: 2 })).toThrow("version 2");
  });

  test("hold each policy once, also when the configuration brought it again", () => {
    const config = storyConfig();
    const again = storyConfig({ hash: "again" });
    scenario("policies in snapshots", { config })
      .at("00:00").when(created("a"), created("b"))
      .at("01:00").when(recorded({ kind: "config", config: again }), created("c"))
      .check((stage) => {
        const { desk } = stage.snapshot();
        expect(desk.policies).toHaveLength(1);
        expect(desk.rows.map(({ policy }) => policy)).toEqual([0, 0, 0]);
      });
  });
});
