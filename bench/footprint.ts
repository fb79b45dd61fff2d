/**
 * How much memory do many active alerts take, and how soon is the program back after a crash
 * with all of them active? The load is gentle, so that queues are empty when memory is read.
 */
import { setTimeout as pause } from "node:timers/promises";
import { workedOff } from "./backlog.ts";
import type { Bench, BenchSettings, Measurement } from "./bench.ts";
import type { Contender, Running } from "./contenders.ts";
import { runLoad } from "./load.ts";

const idleMs = 2_000;
/**
 * Wait between two readings of memory. It has settled when so many in a row differ by less than
 * 2 %: after the last alert is accepted, the stages still work for a while.
 */
const settleMs = 4_000;
const calmReadings = 3;
const settleReadingsMax = 15;
const loadWithinMs = 300_000;

export const footprint: Bench = {
  name: "footprint",
  question: "resident memory and restart with many active alerts",
  async run(settings: BenchSettings): Promise<Measurement[]> {
    const { alertmanager } = settings;
    const ours = await measure(settings.tocsin, settings, true);
    // Alertmanager keeps alerts in memory only: after a crash there is nothing to come back to.
    const theirs = alertmanager === null ? [] : await measure(alertmanager, settings, false);
    return [...ours, ...theirs];
  },
};

async function measure(
  contender: Contender,
  settings: BenchSettings,
  crash: boolean,
): Promise<Measurement[]> {
  const { fingerprints, say } = settings;
  let server = await contender.start();
  const result = (what: string, value: number, unit: string, note = ""): Measurement => {
    say(`footprint ${contender.name}: ${what} ${value.toFixed(1)} ${unit} ${note}`);
    return { name: `footprint/${what}/${contender.name}`, value, unit, better: "less", note };
  };
  try {
    const measured = [result("first start", server.startMs / 1000, "s")];
    await pause(idleMs);
    const idle = server.residentMiB();
    const load = await fill(server, settings);
    if (contender === settings.tocsin) await workedOff(server);
    const full = await settled(server);
    const note = `${load} alerts`;
    measured.push(
      result("idle", idle.main, "MiB", `with children ${idle.tree.toFixed(0)} MiB`),
      result(`${fingerprints} alerts over idle`, full.main - idle.main, "MiB", note),
      result(`${fingerprints} alerts over idle, with children`, full.tree - idle.tree, "MiB"),
    );
    if (!crash) return measured;
    await server.kill9();
    server = await server.restart();
    measured.push(result(`start after kill -9 with ${fingerprints}`, server.startMs / 1000, "s"));
    return measured;
  } finally {
    await server.stop();
  }
}

/** Sends each alert once. @returns how many were accepted. */
async function fill(server: Running, { fingerprints, seed }: BenchSettings): Promise<number> {
  const { accepted } = await runLoad({
    host: server.host,
    port: server.port,
    path: "/api/v2/alerts",
    connections: 4,
    alertsPerRequest: 50,
    durationMs: loadWithinMs,
    alertsMax: fingerprints,
    population: "new",
    firstAlert: seed,
  });
  return accepted;
}

async function settled(server: Running): Promise<{ main: number; tree: number }> {
  let last = server.residentMiB();
  for (let reading = 0, calm = 0; reading < settleReadingsMax; reading++) {
    await pause(settleMs);
    const now = server.residentMiB();
    calm = Math.abs(now.main - last.main) < last.main * 0.02 ? calm + 1 : 0;
    last = now;
    if (calm === calmReadings) break;
  }
  return last;
}
