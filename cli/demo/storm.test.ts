/** The storm as a pure sequence, and played against a real HTTP server. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { capturedIo } from "../../testing/captured-io.ts";
import { startIncidentWorld } from "../../testing/incident-world.ts";
import { causeKinds, stormKinds } from "../../runtime/storm/cause.ts";
import { runTocsin } from "../run-command.ts";
import { storm } from "./storm.ts";
import type { StormOptions, TimedAlert } from "./storm.ts";

const usual: StormOptions = { kind: null, alertsPerSecond: 50, durationMs: 60_000 };
const identity = (alert: TimedAlert): string => JSON.stringify(alert.labels);
const identities = (alerts: TimedAlert[]): Set<string> => new Set(alerts.map(identity));

describe("a storm", () => {
  test("is the same for the same seed, and another for another", () => {
    const play = (seed: number): string =>
      JSON.stringify([...storm(seed, usual)].map((alert) => ({ ...alert, cause: alert.cause.id })));
    expect(play(7)).toBe(play(7));
    expect(play(7)).not.toBe(play(8));
  });

  test.each([1, 7, 50, 1_000])("keeps the rate of %i/s exactly", (alertsPerSecond) => {
    const alerts = [...storm(3, { kind: null, alertsPerSecond, durationMs: 60_000 })];
    expect(alerts).toHaveLength(alertsPerSecond * 60);
    const late = alerts.filter((alert, k) => {
      return Math.abs(alert.atMs - (k * 1_000) / alertsPerSecond) > 1e-6;
    });
    expect(late).toEqual([]);
  });

  test("has every kind of cause, and each alert has exactly one", () => {
    for (let seed = 0; seed < 20; seed++) {
      const causes = new Map<string, string>();
      const kinds = new Set<string>();
      let doubtful = 0;
      for (const alert of storm(seed, { kind: null, alertsPerSecond: 5, durationMs: 700_000 })) {
        const key = identity(alert);
        if ((causes.get(key) ?? alert.cause.id) !== alert.cause.id) doubtful += 1;
        causes.set(key, alert.cause.id);
        kinds.add(alert.cause.kind);
      }
      expect([seed, doubtful]).toEqual([seed, 0]);
      expect([...kinds].sort()).toEqual([...causeKinds].sort());
    }
  });

  test("begins each alert by firing, repeats it as it was, and ends it at most once a time", () => {
    const firing = new Map<string, number>();
    let [ends, late] = [0, 0];
    for (const alert of storm(5, usual)) {
      const key = identity(alert);
      const since = firing.get(key);
      expect(alert.first).toBe(since === undefined);
      if (alert.endsAtMs !== null) {
        expect(alert.startsAtMs).toBe(since);
        firing.set(key, -1);
        ends += 1;
      } else if (since === undefined || since === -1) {
        // What comes late began earlier than it is told.
        expect(alert.startsAtMs).toBeLessThanOrEqual(alert.atMs);
        if (alert.startsAtMs < alert.atMs) late += 1;
        firing.set(key, alert.startsAtMs);
      } else {
        expect(alert.startsAtMs).toBe(since);
      }
    }
    expect(ends).toBeGreaterThan(20);
    expect(late).toBeGreaterThan(5);
  });

  test("mostly repeats: every few seconds, at the usual rate", () => {
    const alerts = [...storm(11, usual)];
    const distinct = identities(alerts).size;
    expect(distinct).toBeGreaterThan(100);
    expect(alerts.length / distinct).toBeGreaterThan(5);
  });

  test("has a host that flaps, and a cost that grows", () => {
    const alerts = [...storm(2, usual)];
    const of = (kind: string): TimedAlert[] => alerts.filter((a) => a.cause.kind === kind);
    const flaps = of("flapping_host").filter((alert) => alert.endsAtMs !== null);
    expect(identities(of("flapping_host")).size).toBeLessThanOrEqual(4);
    expect(flaps.length).toBeGreaterThanOrEqual(3);
    const [spike] = identities(of("cost_spike"));
    const summaries = of("cost_spike")
      .filter((alert) => identity(alert) === spike)
      .map((alert) => alert.annotations["summary"]);
    expect(new Set(summaries).size).toBe(3);
  });
});

describe("a storm of one kind", () => {
  test.each(stormKinds)("%s has its causes and noise, and nothing else", (kind) => {
    const alerts = [...storm(6, { ...usual, kind })];
    const causes = new Map(alerts.map(({ cause }) => [cause.id, cause.kind]));
    const others = [...causes.values()].filter((one) => one !== "noise");
    expect(causes.size - others.length).toBeGreaterThan(0);
    if (kind === "two_at_once") expect(new Set(others).size).toBe(2);
    else expect(others).toEqual(kind === "noise" ? [] : [kind]);
  });
});

describe("tocsin demo", () => {
  test("--kind chooses, and refuses what there is not", async () => {
    const io = capturedIo();
    const args = ["demo", "--dry-run", "--duration", "20s", "--kind"];
    expect(await runTocsin([...args, "dns_failure"], io)).toBe(0);
    expect(io.stdout()).toContain("DnsResolutionFailing");
    expect(io.stdout()).not.toContain("GpuOutOfMemory");
    const refused = capturedIo();
    expect(await runTocsin([...args, "earthquake"], refused)).toBe(2);
    expect(refused.stderr()).toMatch(/--kind: got "earthquake", expected one of gpu_oom_cascade, /);
  });

  test("plays the storm, counts it, and writes its truth", async () => {
    const world = await startIncidentWorld();
    const folder = mkdtempSync(join(tmpdir(), "tocsin-demo-"));
    const file = join(folder, "truth.ndjson");
    const io = capturedIo({ TOCSIN_URL: world.url });
    const args = ["--rate", "400", "--duration", "1s", "--seed", "4", "--truth", file, "--json"];
    expect(await runTocsin(["demo", ...args], io)).toBe(0);
    const summary = JSON.parse(io.stdout()) as Record<string, number>;
    const planned = [...storm(4, { kind: null, alertsPerSecond: 400, durationMs: 1_000 })];
    expect(summary).toMatchObject({ sent: 400, accepted: 400, failed: 0 });
    expect(summary["alerts_distinct"]).toBe(identities(planned).size);
    expect(world.alerts.map((alert) => JSON.stringify(alert["labels"])).sort()).toEqual(
      planned.map(identity).sort(),
    );
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    const truth = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const causes = truth.filter((line) => line["type"] === "cause");
    expect(causes).toHaveLength(summary["true_causes"] ?? -1);
    for (const cause of causes) {
      expect(cause).toMatchObject({ pages: cause["kind"] !== "noise", missing: expect.any(Array) });
      const { service, alertname } = cause["root"] as Record<string, string>;
      expect(cause).toMatchObject({ root_service: service, root_alertname: alertname });
    }
    const alerts = truth.filter((line) => line["type"] === "alert");
    expect(new Set(alerts.map((line) => JSON.stringify(line["labels"])))).toEqual(
      identities(planned),
    );
    const ids = new Set(causes.map((line) => line["cause"]));
    for (const line of alerts) expect(ids.has(line["cause"])).toBe(true);
    rmSync(folder, { recursive: true });
    await world.close();
  });

  test("a server that is busy makes alerts fail, and the command too", async () => {
    const world = await startIncidentWorld();
    world.settings.busyAnswers = 1;
    const io = capturedIo({ TOCSIN_URL: world.url });
    const code = await runTocsin(["demo", "--rate", "40", "--duration", "1s", "--json"], io);
    expect(code).toBe(1);
    const summary = JSON.parse(io.stdout()) as { accepted: number; failed: number; sent: number };
    expect(summary.failed).toBeGreaterThan(0);
    expect(summary.accepted + summary.failed).toBe(summary.sent);
    await world.close();
  });

  test("Ctrl-C ends it early with a summary", async () => {
    const world = await startIncidentWorld();
    const io = capturedIo({ TOCSIN_URL: world.url });
    const done = runTocsin(["demo", "--duration", "1h", "--json"], io);
    await expect.poll(() => world.alerts.length).toBeGreaterThan(0);
    io.interrupt();
    expect(await done).toBe(0);
    expect(JSON.parse(io.stdout())).toMatchObject({ failed: 0 });
    await world.close();
  });

  test("--dry-run prints alerts that can be sent later", async () => {
    const io = capturedIo();
    expect(await runTocsin(["demo", "--dry-run", "--rate", "20", "--duration", "1s"], io)).toBe(0);
    const alerts = io.stdout().trimEnd().split("\n");
    expect(alerts).toHaveLength(20);
    expect(JSON.parse(alerts[0] ?? "")).toHaveProperty("labels.alertname");
  });
});
