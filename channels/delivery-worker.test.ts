/** The worker's promises (D1–D4), told against a queue in memory and a channel that obeys. */
import { afterEach, expect, test } from "vitest";
import type { DeliveryReport } from "../actors/incident/types.ts";
import { RetryableError, TerminalError } from "../runtime/errors.ts";
import type { Logger } from "../runtime/ports.ts";
import { codec } from "../streams/codec.ts";
import { MemoryQueue } from "../testing/memory-queue.ts";
import { sampleNotification } from "../testing/sample-notification.ts";
import type { Channel } from "./channel.ts";
import { DeliveryWorker } from "./delivery-worker.ts";
import type { DeliveryWorkerOptions } from "./delivery-worker.ts";

const nowMs = Date.parse("2026-01-01T00:01:00Z");
const silent = (): void => {};
const log: Logger = { debug: silent, info: silent, warn: silent, error: silent };
const workers: DeliveryWorker[] = [];
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.stop(0);
});

type World = {
  queue: MemoryQueue;
  sent: string[];
  reports: DeliveryReport[];
  worker: DeliveryWorker;
};

type Plan = Partial<DeliveryWorkerOptions> & { send?: Channel["send"] };

function world(plan: Plan = {}): World {
  const queue = new MemoryQueue();
  const sent: string[] = [];
  const reports: DeliveryReport[] = [];
  const { send = async () => ({ detail: "ok" }), ...over } = plan;
  const worker = new DeliveryWorker({
    queue,
    codec,
    channels: {
      webhook: {
        async send(notification, target, signal) {
          sent.push(notification.id);
          return send(notification, target, signal);
        },
      },
    },
    receiver: () => ({ channel: "webhook", target: null }),
    report: async (report) => void reports.push(report),
    clock: {
      nowMs: () => nowMs,
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          if (ms === 0 || signal?.aborted === true) resolve();
          signal?.addEventListener("abort", () => resolve());
        }),
    },
    log,
    ...over,
  });
  workers.push(worker);
  worker.start();
  return { queue, sent, reports, worker };
}

/** Lets everything run that needs no outside event. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const fails = (error: Error): Channel["send"] => async () => Promise.reject(error);
const hangs: Channel["send"] = (_notification, _target, signal) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(new RetryableError("ended early")));
  });

test("a delivered notification is reported, then acknowledged", async () => {
  const { queue, reports } = world();
  queue.put(sampleNotification());
  await settled();
  expect(queue.outcomes).toEqual(["ack inc-1:4:oncall"]);
  expect(reports).toEqual([
    {
      notificationId: "inc-1:4:oncall",
      incidentId: "inc-1",
      receiver: "oncall",
      channel: "webhook",
      attempt: 1,
      outcome: "delivered",
      detail: "ok",
    },
  ]);
});

test("a failure that may pass is reported and retried by the schedule", async () => {
  const { queue, reports } = world({ send: fails(new RetryableError("HTTP 503")) });
  const atMs = nowMs - 1_000;
  for (const attempt of [1, 2, 3, 4, 9]) {
    queue.put(sampleNotification({ id: `n${attempt}`, atMs }), attempt);
  }
  await settled();
  expect(queue.outcomes).toEqual([
    "retry n1 1000",
    "retry n2 10000",
    "retry n3 60000",
    "retry n4 300000",
    "retry n9 900000",
  ]);
  expect(reports.map((one) => `${one.outcome} ${one.attempt} ${one.detail}`)).toEqual(
    [1, 2, 3, 4, 9].map((attempt) => `failed ${attempt} HTTP 503`),
  );
});

test("the peer's Retry-After is honoured", async () => {
  const { queue } = world({ send: fails(new RetryableError("429", { retryAfterMs: 17_000 })) });
  queue.put(sampleNotification({ id: "n" }));
  await settled();
  expect(queue.outcomes).toEqual(["retry n 17000"]);
});

test("terminal errors, unknown receivers, unknown channels and old age are given up", async () => {
  const send: Channel["send"] = async ({ id }) => {
    throw id === "old" ? new RetryableError("HTTP 500") : new TerminalError("HTTP 404");
  };
  const channels: Record<string, string> = { oncall: "webhook", pager: "toString" };
  const receiver: DeliveryWorkerOptions["receiver"] = (name) =>
    channels[name] === undefined ? null : { channel: channels[name], target: 0 };
  const { queue, reports, sent } = world({ send, receiver });
  queue.put(sampleNotification({ id: "gone" }));
  queue.put(sampleNotification({ id: "who", receiver: "nobody" }));
  queue.put(sampleNotification({ id: "how", receiver: "pager" }));
  queue.put(sampleNotification({ id: "old", atMs: nowMs - 86_400_000 }), 50);
  await settled();
  expect(queue.outcomes.sort()).toEqual([
    "giveUp gone HTTP 404",
    "giveUp how receiver pager: no channel toString",
    "giveUp old HTTP 500",
    "giveUp who no receiver named nobody is configured",
  ]);
  expect(sent).toEqual(["gone", "old"]);
  expect(reports.map((one) => one.outcome)).toEqual(["gaveUp", "gaveUp", "gaveUp", "gaveUp"]);
});

test("a notification whose job comes back is acknowledged without being sent again", async () => {
  const { queue, sent, reports, worker } = world();
  const lost = async (): Promise<void> => Promise.reject(new RetryableError("ack lost"));
  queue.put(sampleNotification({ id: "n" }), 1, lost);
  await settled();
  queue.put(sampleNotification({ id: "n" }), 2);
  await settled();
  expect(sent).toEqual(["n"]);
  expect(reports.length).toBe(1);
  expect(queue.outcomes).toEqual(["retry n 5000", "ack n"]);
  expect(worker.counters).toMatchObject({ delivered: 1, failed: 0, suppressed: 1 });
});

test("a report that cannot be stored keeps the job, but sends nothing twice", async () => {
  const reports: DeliveryReport[] = [];
  let trouble = true;
  const { queue, sent } = world({
    report: async (report) => {
      if (trouble) throw new RetryableError("log is away");
      reports.push(report);
    },
  });
  queue.put(sampleNotification({ id: "n" }));
  await settled();
  expect(queue.outcomes).toEqual(["retry n 5000"]);
  trouble = false;
  queue.put(sampleNotification({ id: "n" }), 2);
  await settled();
  expect(queue.outcomes).toEqual(["retry n 5000", "ack n"]);
  expect(sent).toEqual(["n"]);
  expect(reports.map((one) => one.attempt)).toEqual([1]);
});

test("the same notification is never under way twice", async () => {
  const { queue, sent } = world({ send: hangs });
  queue.put(sampleNotification({ id: "n" }));
  queue.put(sampleNotification({ id: "n" }), 2);
  await settled();
  expect(sent).toEqual(["n"]);
  expect(queue.outcomes).toEqual(["retry n 15000"]);
});

test("a receiver that hangs under a flood delays nobody else", async () => {
  const send: Channel["send"] = (notification, target, signal) =>
    notification.receiver === "slow"
      ? hangs(notification, target, signal)
      : Promise.resolve({ detail: "ok" });
  const limits = { activeMax: 8, activePerLaneMax: 4, parkedMax: 20, parkedPerLaneMax: 6 };
  const { queue, sent, worker } = world({ send, limits });
  for (let i = 0; i < 50; i++) {
    queue.put(sampleNotification({ id: `s${i}`, receiver: "slow" }));
  }
  for (let i = 0; i < 20; i++) queue.put(sampleNotification({ id: `q${i}`, receiver: "quick" }));
  await settled();
  const quick = sent.filter((id) => id.startsWith("q")).length;
  expect(quick).toBeGreaterThanOrEqual(limits.activePerLaneMax + limits.parkedPerLaneMax);
  expect(sent.filter((id) => id.startsWith("s")).length).toBe(4);
  expect(worker.active).toBe(4);
  expect(worker.parked).toBe(6);
  expect(queue.outcomes.filter((one) => one.startsWith("ack q")).length).toBe(quick);
});

test("postponed for want of room is not an attempt", async () => {
  const limits = { activeMax: 1, activePerLaneMax: 1, parkedMax: 0, parkedPerLaneMax: 0 };
  let release = (): void => {};
  const { queue, reports } = world({
    limits,
    send: async ({ id }) => {
      if (id === "first") await new Promise<void>((resolve) => (release = resolve));
      if (id === "second") throw new RetryableError("HTTP 500");
      return { detail: "ok" };
    },
  });
  queue.put(sampleNotification({ id: "first" }));
  queue.put(sampleNotification({ id: "second", atMs: nowMs }));
  await settled();
  expect(queue.outcomes).toEqual(["retry second 15000"]);
  release();
  await settled();
  queue.put(sampleNotification({ id: "second", atMs: nowMs }), 2);
  await settled();
  expect(reports.at(-1)).toMatchObject({ notificationId: "second", attempt: 1 });
  expect(queue.outcomes.at(-1)).toBe("retry second 1000");
});

test("rubbish in the outbox is removed and counted, and the next job runs", async () => {
  const { queue, worker } = world();
  queue.put(new Uint8Array([9, 9, 9]));
  queue.put({ id: "half", receiver: "x" });
  queue.put(sampleNotification({ id: "n" }));
  await settled();
  expect(queue.outcomes).toEqual([
    "giveUp ? not a notification",
    "giveUp half not a notification",
    "ack n",
  ]);
  expect(worker.counters.undecodable).toBe(2);
});

test("a channel with a bug is retried, not believed", async () => {
  const { queue } = world({ send: fails(new TypeError("x is undefined")) });
  queue.put(sampleNotification({ id: "n", atMs: nowMs }));
  await settled();
  expect(queue.outcomes).toEqual(["retry n 1000"]);
});

test("stop hands waiting and aborted jobs back, and reports nothing about them", async () => {
  const limits = { activeMax: 1, activePerLaneMax: 1, parkedMax: 9, parkedPerLaneMax: 9 };
  const { queue, reports, worker, sent } = world({
    send: hangs,
    limits,
    clock: { nowMs: () => nowMs, sleep: () => new Promise((resolve) => setImmediate(resolve)) },
  });
  queue.put(sampleNotification({ id: "running" }));
  queue.put(sampleNotification({ id: "parked" }));
  await settled();
  await worker.stop(1);
  expect(queue.outcomes).toEqual(["retry parked 0", "retry running 0"]);
  expect(sent).toEqual(["running"]);
  expect(reports).toEqual([]);
  expect(worker.active).toBe(0);
});

test("stop waits for a delivery that is about to end", async () => {
  let answer = (): void => {};
  const { queue, worker } = world({
    send: async () => {
      await new Promise<void>((resolve) => (answer = resolve));
      return { detail: "ok" };
    },
  });
  queue.put(sampleNotification({ id: "n" }));
  await settled();
  const stopped = worker.stop(60_000);
  await settled();
  answer();
  await stopped;
  expect(queue.outcomes).toEqual(["ack n"]);
});
