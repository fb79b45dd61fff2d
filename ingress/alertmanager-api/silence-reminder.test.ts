/** Reminders in simulated time. */
import { expect, test } from "vitest";
import type { Silence } from "../../actors/dispatch/types.ts";
import type { AlertIntake, DispatchService } from "../../runtime/services.ts";
import { silentLog } from "../../testing/ingress-door.ts";
import { SimScheduler } from "../../testing/sim-clock.ts";
import { annotationValueBytesMax } from "../alert-limits.ts";
import { SilenceReminder } from "./silence-reminder.ts";

const minuteMs = 60_000;
const beginMs = Date.UTC(2026, 0, 1);
const base: Silence = {
  id: "s1",
  matchers: [{ label: "service", op: "=", value: "db" }],
  startsAtMs: beginMs,
  endsAtMs: beginMs + 60 * minuteMs,
  updatedAtMs: beginMs,
  createdBy: "ann",
  comment: "upgrade",
  annotations: {},
  recurrence: null,
};

type Sent = { dedup_key: string; endsAt: string; annotations: Record<string, string> };

function world(remindBeforeMs: number) {
  const clock = new SimScheduler(beginMs);
  const state = { silences: [base], muted: 2, refuse: false, sent: [] as Sent[] };
  const intake: AlertIntake = {
    async submit(body) {
      if (state.refuse) return { kind: "malformed", error: "not now" };
      state.sent.push(JSON.parse(Buffer.from(body).toString()) as Sent);
      return { kind: "accepted", accepted: 1, rejected: [] };
    },
  };
  const dispatch: DispatchService = {
    alerts: async () => new Map(),
    routedForMs: async () => null,
    takeOver: async () => {},
    silences: async () => state.silences,
    silence: async () => null,
    keepSilence: async () => true,
    wouldMute: async () => ({ muted: state.muted, of: 5 }),
  };
  const options = { dispatch, intake, clock, log: silentLog };
  const reminder = new SilenceReminder({ ...options, remindBeforeMs: () => remindBeforeMs });
  reminder.start();
  return { clock, state };
}

test("one alert, before the silence ends, that ends with it", async () => {
  const { clock, state } = world(15 * minuteMs);
  await clock.runFor(44 * minuteMs);
  expect(state.sent).toEqual([]);
  await clock.runFor(10 * minuteMs);
  expect(state.sent).toHaveLength(1);
  expect(state.sent[0]).toMatchObject({
    dedup_key: `silence-ending:s1:${base.endsAtMs}`,
    endsAt: "2026-01-01T01:00:00.000Z",
    annotations: { description: 'It mutes 2 alerts now: {service="db"}' },
  });
  await clock.runFor(60 * minuteMs);
  expect(state.sent).toHaveLength(1);
});

test("one that is prolonged ends its reminder, and is reminded of again", async () => {
  const { clock, state } = world(15 * minuteMs);
  await clock.runFor(50 * minuteMs);
  state.silences = [{ ...base, endsAtMs: beginMs + 120 * minuteMs }];
  await clock.runFor(10 * minuteMs);
  expect(state.sent.map(({ endsAt }) => endsAt)).toEqual([
    "2026-01-01T01:00:00.000Z",
    "2026-01-01T00:50:30.000Z",
  ]);
  await clock.runFor(55 * minuteMs);
  expect(state.sent).toHaveLength(3);
});

test("none for a silence that mutes nothing, and none unless asked for", async () => {
  const idle = world(15 * minuteMs);
  idle.state.muted = 0;
  const off = world(0);
  await idle.clock.runFor(70 * minuteMs);
  await off.clock.runFor(70 * minuteMs);
  expect([...idle.state.sent, ...off.state.sent]).toEqual([]);
});

test("what could not be sent is tried again", async () => {
  const { clock, state } = world(15 * minuteMs);
  state.refuse = true;
  await clock.runFor(50 * minuteMs);
  expect(state.sent).toEqual([]);
  state.refuse = false;
  await clock.runFor(2 * minuteMs);
  expect(state.sent).toHaveLength(1);
});

test("texts of any length make an alert that is taken", async () => {
  const { clock, state } = world(15 * minuteMs);
  const matchers = [{ label: "service", op: "=", value: "x".repeat(65_536) } as const];
  state.silences = [{ ...base, comment: "y".repeat(65_536), matchers: [...matchers] }];
  await clock.runFor(50 * minuteMs);
  const { summary = "", description = "" } = state.sent[0]?.annotations ?? {};
  for (const text of [summary, description]) {
    expect(text.length).toBeGreaterThan(60_000);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(annotationValueBytesMax);
  }
});
