import { describe, expect, test } from "vitest";
import { codec } from "../streams/codec.ts";
import { alertRecord, buildFrame } from "../testing/frame-builder.ts";
import type { AlertRecord, RejectionRecord } from "../testing/frame-builder.ts";
import { DedupStage } from "./dedup-stage.ts";
import { earlyRollupAlertsMax } from "./rollup-policies.ts";
import type { DedupOutput } from "./step.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const config = {
  hash: "c1",
  rollupFirstMs: minuteMs,
  rollupMaxMs: 4 * minuteMs,
  domainBy: [["tenant"], ["environment"]],
};
const disk = { labels: { alertname: "DiskFull", tenant: "acme", environment: "prod" } };

/** A stage fed as the partition processor feeds it: time first, then the record. */
class Partition {
  stage = new DedupStage({ codec, config });
  outputs: DedupOutput[] = [];
  #seq = 0;

  frame(timeMs: number, ...records: (AlertRecord | RejectionRecord)[]): DedupOutput[] {
    return this.record(timeMs, buildFrame(timeMs, records));
  }

  /** Fires `alert` at `timeMs`, to end by itself after five minutes. */
  fires(timeMs: number, alert: Parameters<typeof alertRecord>[0] = disk): DedupOutput[] {
    return this.frame(
      timeMs,
      alertRecord(alert, { startsAtMs: timeMs, endsAtMs: timeMs + 5 * minuteMs }),
    );
  }

  wake(timeMs: number): DedupOutput[] {
    return this.record(timeMs, codec.encode({ kind: "wake" }));
  }

  record(timeMs: number, data: Uint8Array): DedupOutput[] {
    const outputs: DedupOutput[] = [];
    const emit = (output: DedupOutput) => outputs.push(output);
    this.stage.advance(timeMs, emit);
    this.stage.apply(data, { seq: ++this.#seq, timeMs }, emit);
    return outputs;
  }
}

const kinds = (outputs: DedupOutput[]) => outputs.map(({ event }) => event.kind);

describe("the life of an alert", () => {
  test("its first report opens it with content and domain; repeats stay silent", () => {
    const partition = new Partition();
    const { fingerprint } = alertRecord(disk, { startsAtMs: 0, endsAtMs: 1 });
    expect(partition.fires(1_000)).toEqual([
      {
        domain: "acme/prod",
        event: {
          kind: "opened",
          fingerprint,
          atMs: 1_000,
          received: 1,
          startsAtMs: 1_000,
          endsAtMs: 301_000,
          body: { labels: disk.labels, annotations: {}, generatorURL: "", dedupKey: null },
        },
      },
    ]);
    expect(partition.fires(2_000)).toEqual([]);
    expect(partition.fires(3_000)).toEqual([]);
    expect(partition.stage.nextWakeAtMs()).toBe(61_000);
    expect(partition.wake(61_000)).toEqual([]);
    expect(partition.wake(61_001)).toEqual([
      {
        domain: "acme/prod",
        event: {
          kind: "refreshed",
          fingerprint,
          atMs: 61_001,
          received: 2,
          fromMs: 2_000,
          endsAtMs: 303_000,
        },
      },
    ]);
    expect(partition.stage.nextWakeAtMs()).toBe(303_000);
    expect(partition.wake(400_000)).toEqual([
      {
        domain: "acme/prod",
        event: {
          kind: "resolved",
          fingerprint,
          atMs: 303_001,
          received: 0,
          endedAtMs: 303_000,
          by: "end time",
          total: 3,
        },
      },
    ]);
    expect(partition.stage.size).toBe(0);
    expect(partition.stage.nextWakeAtMs()).toBeNull();
  });

  test("at a window boundary there is one alert, not two", () => {
    const partition = new Partition();
    expect(kinds(partition.fires(0))).toEqual(["opened"]);
    expect(kinds(partition.fires(5 * minuteMs))).toEqual([]);
    expect(kinds(partition.fires(10 * minuteMs))).toEqual(["refreshed"]);
    expect(partition.stage.counters()).toMatchObject({ opened: 1, refreshed: 2 });
    expect(kinds(partition.fires(15 * minuteMs + 1))).toEqual(["refreshed", "resolved", "opened"]);
  });

  test("a resolve closes it; the sender's later resolves meet nothing", () => {
    const partition = new Partition();
    partition.fires(0);
    const end = alertRecord(disk, { startsAtMs: 0, endsAtMs: 9_000, endsByTimeout: false });
    const bySender = { kind: "resolved", by: "sender", received: 1, endedAtMs: 9_000, total: 2 };
    expect(partition.frame(10_000, end)).toMatchObject([{ domain: "acme/prod", event: bySender }]);
    expect(partition.frame(70_000, end)).toMatchObject([
      { domain: "acme/prod", event: { kind: "resolved", by: "unmatched", received: 1 } },
    ]);
    expect(partition.stage.size).toBe(0);
    expect(partition.stage.nextWakeAtMs()).toBeNull();
  });

  test("new annotations are a change, and the listing shows them", () => {
    const partition = new Partition();
    partition.fires(0);
    const fuller = { ...disk, annotations: { summary: "99 % – gleich voll" } };
    expect(partition.fires(1_000, fuller)).toMatchObject([
      { event: { kind: "changed", atMs: 1_000, body: { annotations: fuller.annotations } } },
    ]);
    expect(partition.fires(2_000, fuller)).toEqual([]);
    const all = { filters: [], limit: 10, after: "" };
    const [listed, ...others] = partition.stage.list(all).items;
    expect(others).toEqual([]);
    expect(listed).toMatchObject({ domain: "acme/prod", updatedAtMs: 2_000, received: 3 });
    expect(listed).toMatchObject(fuller);
  });

  test("several deadlines in one wake fire in their order, then by fingerprint", () => {
    const partition = new Partition();
    const named = (alertname: string) => ({ labels: { alertname } });
    for (const name of ["a", "b", "c", "d"]) partition.fires(1_000, named(name));
    const [steppedBack] = partition.fires(0, named("e"));
    expect(steppedBack?.event.atMs).toBe(1_000);
    partition.fires(500, named("f"));
    const ended = partition.wake(10 * minuteMs).map(({ event }) => event);
    const order = ended.map((event) => [event.atMs, "fingerprint" in event && event.fingerprint]);
    expect(ended.every(({ kind }) => kind === "resolved")).toBe(true);
    expect(order).toHaveLength(6);
    expect(order).toEqual([...order].sort());
  });
});

describe("roll-ups", () => {
  test("come early, unless many alerts fire when the alert begins", () => {
    const partition = new Partition();
    const named = (n: number) => ({ labels: { alertname: `a${n}` } });
    const lasting = (n: number) => alertRecord(named(n), { startsAtMs: 0, endsAtMs: hourMs });
    const all = Array.from({ length: earlyRollupAlertsMax + 2 }, (_, n) => lasting(n));
    partition.frame(0, ...all);
    partition.frame(1_000, ...all);
    const early = partition.wake(minuteMs + 1);
    expect(early).toHaveLength(earlyRollupAlertsMax);
    const late = partition.wake(4 * minuteMs + 1);
    expect(kinds(late)).toEqual(["refreshed", "refreshed"]);
    const told = [...early, ...late].map(({ event }) => event.received);
    expect(told.every((received) => received === 1)).toBe(true);
    partition.frame(5 * minuteMs, lasting(0), lasting(earlyRollupAlertsMax));
    expect(kinds(partition.wake(9 * minuteMs + 1))).toEqual(["refreshed", "refreshed"]);
  });
});

describe("rejections", () => {
  test("are counted and told, beside valid neighbours", () => {
    const partition = new Partition();
    const alert = alertRecord(disk, { startsAtMs: 0, endsAtMs: minuteMs });
    const rejected = { reason: "invalid labels", detail: "labels is a number" };
    expect(partition.frame(5, { rejected, count: 3 }, alert)).toMatchObject([
      { domain: "default/default", event: { kind: "rejected", atMs: 5, received: 3, ...rejected } },
      { event: { kind: "opened" } },
    ]);
    expect(partition.stage.counters()).toEqual({
      received: 4,
      opened: 1,
      changed: 0,
      refreshed: 0,
      resolved: 0,
      rejected: 3,
    });
  });
});

describe("configuration", () => {
  const other = { hash: "c2", rollupFirstMs: 1_000, rollupMaxMs: 1_000, domainBy: [["service"]] };

  test("holds for what opens later; a firing alert keeps domain and windows", () => {
    const partition = new Partition();
    partition.fires(0);
    partition.record(1, codec.encode({ kind: "config", config: other }));
    partition.fires(2);
    expect(partition.stage.nextWakeAtMs()).toBe(minuteMs);
    const changed = partition.fires(3, { ...disk, annotations: { summary: "new" } });
    expect(changed.map(({ domain }) => domain)).toEqual(["acme/prod", "acme/prod"]);
    const api = { labels: { alertname: "Slow", service: "api/v1" } };
    expect(partition.fires(4, api)).toMatchObject([{ domain: "api%2Fv1" }]);
    partition.fires(5, api);
    expect(partition.stage.nextWakeAtMs()).toBe(1_004);
  });

  test("without one, defaults hold", () => {
    const stage = new DedupStage({ codec, config: null });
    const outputs: DedupOutput[] = [];
    const frame = buildFrame(0, [
      alertRecord({ labels: { tenant_id: "t", env: "e" } }, { startsAtMs: 0, endsAtMs: 1 }),
    ]);
    stage.apply(frame, { seq: 1, timeMs: 0 }, (output) => outputs.push(output));
    expect(outputs).toMatchObject([{ domain: "t/e" }]);
  });
});

describe("what is no input", () => {
  test.each([
    ["another kind", codec.encode({ kind: "command" })],
    ["a configuration of another stage", codec.encode({ kind: "config", config: { hash: "x" } })],
    ["nothing", codec.encode(null)],
    ["an unknown version", new Uint8Array([9, 9])],
    ["half a frame", buildFrame(0, []).subarray(0, 9)],
  ])("%s throws", (_name, data) => {
    expect(() => new Partition().record(0, data)).toThrow();
  });

  test("a frame that is corrupt at its end leaves nothing behind", () => {
    const partition = new Partition();
    const alert = alertRecord(disk, { startsAtMs: 0, endsAtMs: minuteMs });
    const before = partition.stage.snapshot();
    const frame = buildFrame(0, [alert, alert]).subarray(0, -1);
    expect(() => partition.record(0, frame)).toThrow(/corrupt frame/);
    expect(partition.stage.snapshot()).toEqual(before);
  });

  test("a snapshot of something else is refused", () => {
    const stage = new DedupStage({ codec, config: null });
    for (const snapshot of [null, {}, { version: 2, alerts: [] }, "x"]) {
      expect(() => stage.restore(snapshot)).toThrow(/no snapshot of a dedup stage/);
    }
  });
});
