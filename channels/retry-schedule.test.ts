import { expect, test } from "vitest";
import { defaultRetrySchedule, nextDelayMs } from "./retry-schedule.ts";
import { parseRetryAfterMs, retryAfterMsMax } from "./webhook/retry-after.ts";

const schedule = defaultRetrySchedule;

test("the waits are 1 s, 10 s, 1 min, 5 min, then 15 min until a day has passed", () => {
  const delays: number[] = [];
  let ageMs = 0;
  for (let attempt = 1; ; attempt++) {
    const delay = nextDelayMs(schedule, attempt, ageMs, null);
    if (delay === null) break;
    delays.push(delay);
    ageMs += delay;
  }
  expect(delays.slice(0, 6)).toEqual([1_000, 10_000, 60_000, 300_000, 900_000, 900_000]);
  expect(ageMs).toBeLessThanOrEqual(86_400_000);
  expect(ageMs).toBeGreaterThan(86_400_000 - 900_000);
});

test("a notification that is old because we were down still gets its five attempts", () => {
  const twoDaysMs = 2 * 86_400_000;
  expect(nextDelayMs(schedule, 1, twoDaysMs, null)).toBe(1_000);
  expect(nextDelayMs(schedule, 4, twoDaysMs, null)).toBe(300_000);
  expect(nextDelayMs(schedule, 5, twoDaysMs, null)).toBeNull();
});

test("the peer's wish replaces the wait at first and can only lengthen it later", () => {
  expect(nextDelayMs(schedule, 1, 0, 2_000)).toBe(2_000);
  expect(nextDelayMs(schedule, 1, 0, 0)).toBe(schedule.wishMsMin);
  expect(nextDelayMs(schedule, 10, 0, 30_000)).toBe(30_000);
  expect(nextDelayMs(schedule, 11, 0, 30_000)).toBe(900_000);
  expect(nextDelayMs(schedule, 11, 0, 1_800_000)).toBe(1_800_000);
});

test("Retry-After is read as seconds or as a date, and bounded", () => {
  const nowMs = Date.parse("2026-01-01T00:00:00Z");
  expect(parseRetryAfterMs("7", nowMs)).toBe(7_000);
  expect(parseRetryAfterMs("Thu, 01 Jan 2026 00:01:00 GMT", nowMs)).toBe(60_000);
  expect(parseRetryAfterMs("Wed, 31 Dec 2025 00:01:00 GMT", nowMs)).toBe(0);
  expect(parseRetryAfterMs("999999999999", nowMs)).toBe(retryAfterMsMax);
  expect(parseRetryAfterMs("soon", nowMs)).toBeNull();
  expect(parseRetryAfterMs(undefined, nowMs)).toBeNull();
});
