/** Heartbeats in simulated time: missed once, ended by a ping, and the same after a restart. */
import { beforeEach, expect, test } from "vitest";
import { RetryableError } from "../../runtime/errors.ts";
import type { Heartbeat } from "../../runtime/heartbeat.ts";
import type { HeartbeatStore } from "../../runtime/ports.ts";
import type { AlertIntake, IntakeResult } from "../../runtime/services.ts";
import { silentLog } from "../../testing/ingress-door.ts";
import { memoryHeartbeats } from "../../testing/sender-world.ts";
import { SimScheduler } from "../../testing/sim-clock.ts";
import { HeartbeatKeeper } from "./heartbeat-keeper.ts";
import type { SentAlert } from "./sender.ts";

const minuteMs = 60_000;
const beginMs = Date.UTC(2026, 0, 1);
const backup: Heartbeat = {
  ...{ tenant: null, name: "backup", description: "nightly", interval: 10, enabled: true },
  ...{ intervalUnit: "minutes", ownerTeam: "dba", alertMessage: "", alertTags: ["cron"] },
  ...{ alertPriority: "P2", lastPingAtMs: null, missedAtMs: null },
};

let clock: SimScheduler;
let store: HeartbeatStore;
let sent: { alert: SentAlert; atMs: number }[];
let answer: IntakeResult;
const accepted: IntakeResult = { kind: "accepted", accepted: 1, rejected: [] };
const intake: AlertIntake = {
  async submit(body) {
    const alert = JSON.parse(Buffer.from(body).toString()) as SentAlert;
    if (answer.kind === "accepted") sent.push({ alert, atMs: clock.nowMs() });
    return answer;
  },
};

beforeEach(() => {
  clock = new SimScheduler(beginMs);
  store = memoryHeartbeats();
  sent = [];
  answer = accepted;
});

async function started(): Promise<HeartbeatKeeper> {
  const keeper = new HeartbeatKeeper({ store, intake, clock, log: silentLog });
  keeper.start();
  await clock.runFor(0);
  return keeper;
}
const isFiring = ({ alert }: (typeof sent)[number]): boolean =>
  Date.parse(alert.endsAt ?? "") > clock.nowMs();
const minutesAt = () => sent.map((each) => [(each.atMs - beginMs) / minuteMs, isFiring(each)]);

test("nothing is expected before the first ping; then a missed one fires once", async () => {
  const keeper = await started();
  await keeper.change(backup, () => backup);
  await clock.runFor(60 * minuteMs);
  expect(sent).toEqual([]);
  await keeper.ping(backup);
  await clock.runFor(9 * minuteMs);
  await keeper.ping(backup);
  await clock.runFor(9 * minuteMs);
  expect(sent).toEqual([]);
  await clock.runFor(600 * minuteMs);
  expect(minutesAt()).toEqual([[79, true]]);
  expect(sent[0]?.alert).toMatchObject({
    labels: { alertname: "HeartbeatMissed", heartbeat: "backup", severity: "high", team: "dba" },
    annotations: { summary: "Heartbeat backup is missing", description: "nightly" },
    startsAt: new Date(beginMs + 79 * minuteMs).toISOString(),
    dedup_key: "heartbeat/backup",
  });
  expect(keeper.get(backup)?.missedAtMs).toBe(beginMs + 79 * minuteMs);
});

test("the next ping ends it, and the one after that is expected again", async () => {
  const keeper = await started();
  await keeper.change(backup, () => backup);
  await keeper.ping(backup);
  await clock.runFor(15 * minuteMs);
  await keeper.ping(backup);
  await clock.runFor(9 * minuteMs);
  expect(minutesAt()).toEqual([[10, true], [15, false]]);
  expect(sent[1]?.alert.dedup_key).toBe(sent[0]?.alert.dedup_key);
  await clock.runFor(minuteMs);
  expect(minutesAt().at(-1)).toEqual([25, true]);
});

test("after a restart it fires for who is silent, not twice, and ends by a ping", async () => {
  const before = await started();
  await before.change(backup, () => backup);
  await before.ping(backup);
  await before.stop();
  await clock.runFor(20 * minuteMs);
  const after = await started();
  await clock.runFor(minuteMs - 1);
  expect(sent).toEqual([]);
  await clock.runFor(1);
  expect(minutesAt()).toEqual([[21, true]]);
  await after.stop();
  const again = await started();
  await clock.runFor(60 * minuteMs);
  expect(sent).toHaveLength(1);
  await again.ping(backup);
  expect(minutesAt().at(-1)).toEqual([81, false]);
});

test("what the log does not take is sent again, and a ping is then no success", async () => {
  const keeper = await started();
  await keeper.change(backup, () => backup);
  await keeper.ping(backup);
  const full = { kind: "overloaded", status: 503, retryAfterSeconds: 30, reason: "full" } as const;
  answer = full;
  await clock.runFor(12 * minuteMs);
  expect([sent, keeper.get(backup)?.missedAtMs]).toEqual([[], null]);
  answer = accepted;
  await clock.runFor(minuteMs);
  expect(minutesAt()).toEqual([[12.5, true]]);
  answer = full;
  expect(await keeper.ping(backup)).toEqual({ kind: "refused", result: full });
  expect(keeper.get(backup)?.missedAtMs).not.toBeNull();
});

test("disabled or deleted, its alert ends and nothing is expected", async () => {
  const keeper = await started();
  for (const change of [
    (now: Heartbeat | null) => now && { ...now, enabled: false, missedAtMs: null },
    () => null,
  ]) {
    sent = [];
    await keeper.change(backup, () => backup);
    await keeper.ping(backup);
    await clock.runFor(11 * minuteMs);
    await keeper.change(backup, change);
    await clock.runFor(60 * minuteMs);
    expect(sent.map(isFiring)).toEqual([true, false]);
  }
  expect(await store.all()).toEqual([]);
});

test("a shorter interval counts at once; nothing is known before the store is read", async () => {
  const keeper = await started();
  await keeper.change(backup, () => backup);
  await keeper.ping(backup);
  await clock.runFor(2 * minuteMs);
  await keeper.change(backup, (now) => now && { ...now, interval: 3 });
  await clock.runFor(minuteMs);
  expect(minutesAt()).toEqual([[3, true]]);
  const { all } = store;
  store.all = () => Promise.reject(new RetryableError("away"));
  const late = await started();
  expect(() => late.list(null)).toThrow(RetryableError);
  store.all = all;
  await clock.runFor(minuteMs);
  expect(late.list(null)).toHaveLength(1);
});
