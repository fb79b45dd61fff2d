/** Notifications of groups in the worker that also carries those of incidents. */
import { afterEach, expect, test } from "vitest";
import type { GroupDelivery, GroupNotification } from "../actors/dispatch/types.ts";
import { RetryableError, TerminalError } from "../runtime/errors.ts";
import { codec } from "../streams/codec.ts";
import { sampleGroup } from "../testing/group-delivery.ts";
import { MemoryQueue } from "../testing/memory-queue.ts";
import { sampleNotification } from "../testing/sample-notification.ts";
import type { GroupChannel } from "./alertmanager/group-channel.ts";
import { DeliveryWorker } from "./delivery-worker.ts";

const nowMs = Date.parse("2026-01-02T23:30:10Z");
const workers: DeliveryWorker[] = [];
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.stop(0);
});

type World = {
  queue: MemoryQueue;
  sent: string[];
  incidents: string[];
  reports: GroupDelivery[];
};

function world(send: GroupChannel["send"] | null): World {
  const queue = new MemoryQueue();
  const [sent, incidents]: [string[], string[]] = [[], []];
  const reports: GroupDelivery[] = [];
  const silent = (): void => {};
  const channel: GroupChannel = {
    async send(notification, signal) {
      sent.push(notification.id);
      return send === null ? { detail: "ok" } : send(notification, signal);
    },
  };
  const worker = new DeliveryWorker({
    queue,
    codec,
    channels: { webhook: { send: async () => ({ detail: "ok" }) } },
    receiver: () => ({ channel: "webhook", target: null }),
    report: async (report) => void incidents.push(report.notificationId),
    ...(send !== null && { groups: { channel, report: async (one) => void reports.push(one) } }),
    clock: {
      nowMs: () => nowMs,
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          if (ms === 0 || signal?.aborted === true) resolve();
          signal?.addEventListener("abort", () => resolve());
        }),
    },
    log: { debug: silent, info: silent, warn: silent, error: silent },
  });
  workers.push(worker);
  worker.start();
  return { queue, sent, incidents, reports };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const report = (over: Partial<GroupDelivery>): GroupDelivery => ({
  notificationId: "dispatch:0:17:2",
  receiver: "team.x",
  integration: { kind: "webhook", index: 0 },
  groupKey: '{}/{severity="page"}:{alertname="Down"}',
  outcome: "gaveUp",
  attempt: 1,
  detail: "",
  ...over,
});

test("both kinds go through one queue, each to its own channel and report", async () => {
  const { queue, sent, incidents, reports } = world(async () => ({ detail: "HTTP 200" }));
  queue.put(sampleGroup());
  queue.put(sampleNotification());
  await settled();
  expect(queue.outcomes.toSorted()).toEqual(["ack dispatch:0:17:2", "ack inc-1:4:oncall"]);
  expect(sent).toEqual(["dispatch:0:17:2"]);
  expect(incidents).toEqual(["inc-1:4:oncall"]);
  expect(reports).toEqual([report({ outcome: "delivered", detail: "HTTP 200" })]);
});

test("a failed attempt is reported as not final, the last one as final", async () => {
  const { queue, reports } = world(async ({ receiver }) => {
    const Kind = receiver === "gone" ? TerminalError : RetryableError;
    throw new Kind("HTTP 5xx or 4xx");
  });
  queue.put(sampleGroup({ id: "a" }), 2);
  queue.put(sampleGroup({ id: "b", receiver: "gone" }));
  await settled();
  expect(queue.outcomes).toEqual(["retry a 10000", "giveUp b HTTP 5xx or 4xx"]);
  expect(reports).toEqual([
    report({ notificationId: "a", outcome: "failed", attempt: 2, detail: "HTTP 5xx or 4xx" }),
    report({ notificationId: "b", receiver: "gone", detail: "HTTP 5xx or 4xx" }),
  ]);
});

test("an integration that hangs delays no other of the same receiver", async () => {
  const hangs = (signal: AbortSignal): Promise<never> =>
    new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(new RetryableError("ended early")));
    });
  const { queue, reports } = world(async ({ integration }, signal) =>
    integration.index === 0 ? hangs(signal) : { detail: "ok" },
  );
  const to = (id: string, index: number): GroupNotification =>
    sampleGroup({ id, integration: { kind: "webhook", index } });
  for (let i = 0; i < 100; i++) queue.put(to(`slow${i}`, 0));
  queue.put(to("quick", 1));
  await settled();
  expect(reports.map(({ notificationId }) => notificationId)).toEqual(["quick"]);
});

test("a malformed one is removed; without a channel for groups they are given up", async () => {
  const { queue, sent } = world(null);
  queue.put({ ...sampleGroup(), id: "half", alerts: [] });
  queue.put(sampleGroup({ id: "whole" }));
  await settled();
  expect(queue.outcomes).toEqual([
    "giveUp half not a notification",
    "giveUp whole notifications of groups are not delivered here",
  ]);
  expect(sent).toEqual([]);
});
