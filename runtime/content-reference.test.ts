/** Records without content in the dedup stage: read with the content the alert has or had. */
import { expect, test } from "vitest";
import type { DedupOutput } from "./step.ts";
import { DedupStage } from "./dedup-stage.ts";
import { contentKeepMs } from "./frame.ts";
import { codec } from "../streams/codec.ts";
import type { AlertRecord } from "../testing/frame-builder.ts";
import { alertRecord, buildFrame, referenceTo } from "../testing/frame-builder.ts";

const startMs = 1_700_000_000_000;

function setUp(stage = new DedupStage({ codec, config: null })) {
  let seq = 0;
  const at = (offsetMs: number, ...records: AlertRecord[]): DedupOutput[] => {
    const outputs: DedupOutput[] = [];
    const timeMs = startMs + offsetMs;
    stage.advance(timeMs, (output) => outputs.push(output));
    seq += 1;
    const frame = buildFrame(timeMs, records);
    stage.apply(frame, { seq, timeMs }, (output) => outputs.push(output));
    return outputs;
  };
  return { stage, at };
}

const record = (endsMs: number, pod = "a", value = "1"): AlertRecord =>
  alertRecord(
    { labels: { alertname: "A", pod, tenant_id: "t" }, annotations: { value } },
    { startsAtMs: startMs, endsAtMs: startMs + endsMs, endsByTimeout: false },
  );
const kinds = (outputs: DedupOutput[]): string[] => outputs.map(({ event }) => event.kind);

test("a reference to a firing alert is a repeat that moves its end", () => {
  const { stage, at } = setUp();
  at(0, record(60_000));
  expect(at(1_000, referenceTo(record(120_000)))).toEqual([]);
  const { items } = stage.list({ filters: [], limit: 9, after: "" });
  expect(items[0]).toMatchObject({ received: 2, endsAtMs: startMs + 120_000 });
  expect(stage.counters()).toMatchObject({ received: 2, opened: 1, refreshed: 1 });
});

test("a reference can resolve, and reopen with the content of before", () => {
  const { at } = setUp();
  at(0, record(60_000));
  const ended = at(1_000, referenceTo(record(500)));
  expect(ended.map(({ event }) => event)).toMatchObject([{ kind: "resolved", by: "sender" }]);
  const again = at(2_000, referenceTo(record(90_000)));
  expect(again).toMatchObject([
    { domain: "t/default", event: { kind: "opened", body: { annotations: { value: "1" } } } },
  ]);
});

test("a reference behind the end of an alert that nobody woke ends it and opens it anew", () => {
  const { stage, at } = setUp();
  at(0, record(10_000));
  const outputs: DedupOutput[] = [];
  const frame = buildFrame(startMs + 20_000, [referenceTo(record(60_000))]);
  stage.apply(frame, { seq: 9, timeMs: startMs + 20_000 }, (output) => outputs.push(output));
  expect(kinds(outputs)).toEqual(["resolved", "opened"]);
});

test("a reference changes no content, even when the stage holds another", () => {
  const { at } = setUp();
  at(0, record(60_000, "a", "1"));
  expect(at(1, referenceTo(record(60_000, "a", "2")))).toEqual([]);
});

test("what never fired is remembered too: a resolve first, then a reference", () => {
  const { at } = setUp();
  expect(at(0, record(-5_000)).map(({ event }) => event)).toMatchObject([{ by: "unmatched" }]);
  expect(kinds(at(1_000, referenceTo(record(-4_000))))).toEqual(["resolved"]);
  expect(kinds(at(2_000, referenceTo(record(60_000))))).toEqual(["opened"]);
});

test("the content of an ended alert outlives a snapshot and a restore", () => {
  const { stage, at } = setUp();
  at(0, record(1_000));
  at(5_000);
  const copy = new DedupStage({ codec, config: null });
  copy.restore(codec.decode(codec.encode(stage.snapshot())));
  expect(kinds(setUp(copy).at(6_000, referenceTo(record(60_000))))).toEqual(["opened"]);
});

test("contents go after contentKeepMs, but never the latest thousand", () => {
  const { stage, at } = setUp();
  const many = Array.from({ length: 1_500 }, (_, index) => record(1_000, `p${index}`));
  at(0, ...many);
  at(5_000);
  at(contentKeepMs + 10_000, record(contentKeepMs + 60_000, "other"));
  const again = many.map((_, index) => referenceTo(record(contentKeepMs + 60_000, `p${index}`)));
  const outputs = at(contentKeepMs + 11_000, ...again);
  expect(kinds(outputs).filter((kind) => kind === "opened")).toHaveLength(1_000);
  const rejected500 = outputs.filter(({ event }) => event.kind === "rejected");
  expect(rejected500).toHaveLength(500);
  expect(rejected500[0]?.event).toMatchObject({ received: 1, reason: "content unknown" });
  const { received, opened, refreshed, resolved, rejected, changed } = stage.counters();
  expect(opened + refreshed + resolved + rejected + changed).toBe(received);
});
