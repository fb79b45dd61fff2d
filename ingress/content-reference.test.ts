/** Repeats travel without their content once the log has it, and only then (frame.ts, flag 4). */
import { expect, test } from "vitest";
import { contentFreshMs, frameFlags } from "../runtime/frame.ts";
import { MemoryLog } from "../testing/ingress-door.ts";
import { FrameIntake } from "./alert-intake.ts";
import { Batcher } from "./batcher.ts";
import { LagGate } from "./lag-gate.ts";

function setUp() {
  const log = new MemoryLog();
  const clock = { ms: 1_000 };
  const intake = new FrameIntake({
    batcher: new Batcher({ partitions: 4, lanes: 4 }, log.publishBundle),
    gate: new LagGate(() => 0, 5_000),
    nowMs: () => 1_700_000_000_000 + clock.ms,
    clockMs: () => clock.ms,
    resolveTimeoutMs: 300_000,
    cacheSeed: 7,
  });
  const send = async (...alerts: object[]): Promise<void> => {
    await intake.submit(Buffer.from(JSON.stringify(alerts)), "test");
  };
  const isReference = (): boolean[] =>
    log.records.map(({ flags, payload }) => {
      const referred = (flags & frameFlags.contentKnown) !== 0;
      expect(payload === "").toBe(referred);
      return referred;
    });
  return { log, clock, send, isReference };
}

const alert = (value: string, extra: object = {}) => ({
  labels: { alertname: "A", pod: "p" },
  annotations: { value },
  ...extra,
});

test("a repeat refers to the content, with its own times, and in the same partition", async () => {
  const { log, send, isReference } = setUp();
  await send(alert("1"));
  await send(alert("1", { endsAt: "2030-01-01T00:00:00Z" }));
  expect(isReference()).toEqual([false, true]);
  const [first, second] = log.records;
  expect(second).toMatchObject({
    partition: first?.partition,
    fingerprint: first?.fingerprint,
    contentHash: first?.contentHash,
    endsAtMs: Date.parse("2030-01-01T00:00:00Z"),
  });
});

test("new content is sent, and then it is what repeats refer to", async () => {
  const { send, isReference } = setUp();
  for (const value of ["1", "2", "2", "1", "1"]) await send(alert(value));
  expect(isReference()).toEqual([false, false, true, false, true]);
});

test("under a dedup key, labels that come back are sent again", async () => {
  const { send, isReference } = setUp();
  const keyed = (pod: string) => ({ ...alert("1"), labels: { pod }, dedup_key: "k" });
  for (const pod of ["a", "b", "a"]) await send(keyed(pod));
  expect(isReference()).toEqual([false, false, false]);
});

test("other labels, other key, or twice in one request: nothing to refer to", async () => {
  const { send, isReference } = setUp();
  await send(alert("1"), alert("1"));
  await send({ ...alert("1"), labels: { alertname: "A", pod: "q" } });
  await send({ ...alert("1"), dedup_key: "k" });
  expect(isReference()).toEqual([false, false, false, false]);
});

test("a content that the log refused is not known", async () => {
  const { log, send, isReference } = setUp();
  log.refusal = new Error("full");
  await send(alert("1"));
  log.refusal = null;
  await send(alert("1"));
  await send(alert("1"));
  expect(isReference()).toEqual([false, true]);
});

test("a content on its way is not known yet", async () => {
  const { log, send, isReference } = setUp();
  let open: () => void = () => undefined;
  log.gate = new Promise((resolve) => (open = resolve));
  const both = [send(alert("1")), send(alert("1"))];
  open();
  await Promise.all(both);
  expect(isReference()).toEqual([false, false]);
});

test("after contentFreshMs the content goes out again", async () => {
  const { clock, send, isReference } = setUp();
  await send(alert("1"));
  clock.ms += contentFreshMs - 200;
  await send(alert("1"));
  clock.ms += 400;
  await send(alert("1"));
  await send(alert("1"));
  expect(isReference()).toEqual([false, true, false, true]);
});
