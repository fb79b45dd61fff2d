/** Samples whose alerts the log does not take at first, and series across a restart. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadConfig } from "../../runtime/config/load.ts";
import { RetryableError } from "../../runtime/errors.ts";
import { systemClock } from "../../runtime/system-clock.ts";
import { silentLog } from "../../testing/ingress-door.ts";
import { Random } from "../../testing/random.ts";
import { openSenderWorld, type SenderWorld } from "../../testing/sender-world.ts";
import { SeriesKeeper } from "./series-keeper.ts";

let world: SenderWorld;
beforeEach(async () => void (world = await openSenderWorld()));
afterEach(() => world.close());

const minute = 60_000;
const labels = { model_id: "m-1", service: "chat", environment: "production" };

/** A sample of so many minutes ago. */
function ago(minutes: number, value: number): object {
  const at = new Date(Date.now() - minutes * minute).toISOString();
  return { metric: "model.latency.p95", value, at, labels };
}

const send = (body: unknown) => world.send("POST", "/v1/metrics", body);

test("a log that takes nothing is a 503; the same request, repeated, is the alert", async () => {
  const bad = [ago(5, 6_000), ago(3, 6_000)];
  world.refusal.error = new RetryableError("away", { retryAfterMs: 2_500 });
  const refused = await send(bad);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "3"]);
  world.refusal.error = null;
  expect((await send(bad)).body).toMatchObject({ fired: 1 });
  expect(await world.firing()).toHaveLength(1);
  const good = [ago(2.5, 1), ago(0.4, 1)];
  world.refusal.error = new RetryableError("away");
  expect((await send(good)).status).toBe(503);
  world.refusal.error = null;
  expect(await world.firing()).toHaveLength(1);
  expect((await send(good)).body).toMatchObject({ resolved: 1 });
  expect(await world.firing()).toEqual([]);
});

test("whatever is refused and repeated: what fires is what the last sample says", async () => {
  const text = "metrics: { overrides: { latency-p95: { for: 0s, clear_for: 0s } } }";
  world.metrics.inForce = loadConfig("t.yaml", text).metrics;
  const random = new Random(20_260_501);
  const endings = (): number =>
    world.events.filter((event) => event.kind === "resolved" && event.by === "sender").length;
  let refusals = 0;
  for (let at = 50; at > 0; at -= 0.5) {
    const values = random.chance(0.5) ? [6_000] : random.chance(0.3) ? [6_000, 100] : [100];
    const samples = values.map((value, index) => ago(at - index / 100, value));
    const before = endings();
    for (;;) {
      world.refusal.error = random.chance(0.4) ? new RetryableError("away") : null;
      const { status } = await send(samples);
      if (status === 200) break;
      expect(status).toBe(503);
      refusals += 1;
    }
    // Neither is what began and ended within one request lost.
    if (values.length === 2) expect([at, endings()]).toEqual([at, before + 1]);
    const firing = await world.firing();
    expect([at, firing.length]).toEqual([at, values.at(-1) === 6_000 ? 1 : 0]);
  }
  expect(refusals).toBeGreaterThan(10);
});

test("after a restart a firing series goes on: no second alert, and its end is told", async () => {
  await send([ago(5, 6_000), ago(3, 6_000)]);
  const before = await world.firing();
  const again = new SeriesKeeper({
    ...{ intake: world.intake, alerts: world.alerts, clock: systemClock, log: silentLog },
    metrics: () => world.metrics.inForce,
  });
  const sample = (value: number, atMs: number) => ({
    samples: [{ metric: "model.latency.p95", value, unit: null, atMs, labels, index: 0 }],
    ...{ refused: [], unwatched: { count: 0, metrics: new Set<string>() } },
  });
  const early = again.take(sample(6_000, Date.now()), undefined);
  await expect(early).rejects.toThrow("the series are not read yet");
  again.start();
  await expect.poll(() => again.series().firing).toBe(1);
  const nowMs = Date.now();
  expect(await again.take(sample(6_500, nowMs), undefined)).toMatchObject({ fired: 0 });
  const [after, ...others] = await world.firing();
  expect(others).toEqual([]);
  const { received: _, updatedAtMs: __, endsAtMs, ...same } = after ?? before[0]!;
  expect(before[0]).toMatchObject(same);
  expect(endsAtMs).toBeGreaterThan(before[0]?.endsAtMs ?? Infinity);
  await again.take(sample(1, nowMs + 1), undefined);
  const ended = await again.take(sample(1, nowMs + 2 * minute + 1), undefined);
  expect(ended).toMatchObject({ resolved: 1 });
  expect(await world.firing()).toEqual([]);
  await again.stop();
});

test("requests at once that are all refused: the next one pays what they owe", async () => {
  const text = "metrics: { overrides: { latency-p95: { for: 0s, clear_for: 0s } } }";
  world.metrics.inForce = loadConfig("t.yaml", text).metrics;
  for (const [minutes, value, firing] of [[5, 6_000, 1], [4, 100, 0]] as const) {
    const sample = [ago(minutes, value)];
    world.refusal.error = new RetryableError("away");
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(sample)));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(503));
    world.refusal.error = null;
    await send(sample);
    expect(await world.firing()).toHaveLength(firing);
  }
});
