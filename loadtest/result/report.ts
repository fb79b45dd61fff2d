/** The whole report: what ran where, with which settings, and what came of it. */
import { arch, cpus, platform, release, totalmem } from "node:os";
import type { Settings } from "../scenario.ts";
import type { Summary } from "./summary.ts";

export type Report = {
  at: string;
  machine: Record<string, string | number>;
  settings: Record<string, string | number>;
  results: Summary[];
};

export function newReport(settings: Settings, server: string, k6Version: string): Report {
  const [cpu] = cpus();
  const { rate, batch, repeats, population, connectionsMax, seed, limits } = settings;
  return {
    at: new Date().toISOString(),
    machine: {
      processor: cpu?.model ?? "?",
      cores: cpus().length,
      "memory, GiB": Math.round(totalmem() / 2 ** 30),
      system: `${platform()} ${release()} ${arch()}`,
      node: process.version,
      k6: `v${k6Version}`,
    },
    settings: {
      server,
      "rate, alerts/s": rate,
      "alerts a request": batch,
      "share of repeats": repeats,
      "known alerts": population,
      "connections, at most": connectionsMax,
      "p95, at most, ms": limits.p95Ms,
      "p99, at most, ms": limits.p99Ms,
      "lag gone within, s": limits.drainSeconds,
      seed,
    },
    results: [],
  };
}
