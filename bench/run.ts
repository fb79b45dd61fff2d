/**
 * `npm run bench [-- name…] [--quick] [--rounds N] [--seconds N] [--seed N] [--match TEXT]
 * [--fingerprints N] [--json FILE] [--compare FILE]`: runs the benches, prints what was measured
 * on which machine, and compares with an earlier run's JSON.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { arch, cpus, platform, release, totalmem } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { actors } from "./actors.ts";
import { alertBytes } from "./alert-bytes.ts";
import type { Bench, BenchSettings } from "./bench.ts";
import { checkpoint } from "./checkpoint.ts";
import { alertmanager, tocsin } from "./contenders.ts";
import { correlationCost } from "./correlation-cost.ts";
import { correlationGraphs } from "./correlation-graphs.ts";
import { correlation } from "./correlation.ts";
import { footprint } from "./footprint.ts";
import { ingest } from "./ingest.ts";
import { latency } from "./latency.ts";
import { pipeline } from "./pipeline.ts";
import { otherConditions, resultLines } from "./result-table.ts";
import type { Report } from "./result-table.ts";
import { sweepBatch } from "./sweep-batch.ts";
import { sweepFingerprints } from "./sweep-fingerprints.ts";
import { sweepPartitions } from "./sweep-partitions.ts";
import { sweepRepeats } from "./sweep-repeats.ts";

const benches: Bench[] = [
  ...[ingest, pipeline, latency, sweepBatch, sweepRepeats, sweepFingerprints, sweepPartitions],
  ...[footprint, actors, checkpoint, correlation, correlationGraphs, correlationCost],
];

const print = (line: string): void => void process.stdout.write(`${line}\n`);

function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
      seconds: { type: "string" },
      seed: { type: "string", default: "1" },
      fingerprints: { type: "string", default: "100000" },
      json: { type: "string" },
      compare: { type: "string" },
      match: { type: "string", default: "" },
      help: { type: "boolean", default: false },
    },
  });
  const unknown = positionals.filter((name) => !benches.some((bench) => bench.name === name));
  if (unknown.length > 0) {
    const names = benches.map((bench) => bench.name).join(", ");
    throw new Error(`no bench named ${unknown.join(", ")}; there are: ${names}`);
  }
  return { values, chosen: positionals };
}

/** @throws when the text is no number of at least `min`. */
function number(text: string, name: string, min: number): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < min) throw new Error(`--${name}: got ${text}`);
  return value;
}

function machine(settings: BenchSettings): Record<string, string | number> {
  const [cpu] = cpus();
  return {
    cpu: cpu?.model ?? "?",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    tocsin: settings.tocsin.version,
    alertmanager: settings.alertmanager?.version ?? "absent",
    seed: settings.seed,
    rounds: settings.rounds,
    roundMs: settings.roundMs,
    alertBytes: alertBytes(),
    fingerprints: settings.fingerprints,
  };
}

async function main(): Promise<void> {
  const { values, chosen } = readOptions();
  if (values.help) {
    print("npm run bench [-- name…] [--quick] [--rounds N] [--seconds N] [--seed N]");
    print("              [--fingerprints N] [--match TEXT] [--json FILE] [--compare FILE]");
    for (const bench of benches) print(`  ${bench.name.padEnd(19)} ${bench.question}`);
    return;
  }
  const before =
    values.compare === undefined
      ? null
      : (JSON.parse(readFileSync(values.compare, "utf8")) as Report);
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  const settings: BenchSettings = {
    seed: number(values.seed, "seed", 0),
    rounds: number(values.rounds ?? (values.quick ? "1" : "3"), "rounds", 1),
    roundMs: number(values.seconds ?? (values.quick ? "1" : "6"), "seconds", 0.1) * 1000,
    warmUpMs: values.quick ? 500 : 3_000,
    quick: values.quick,
    fingerprints: number(values.fingerprints, "fingerprints", 1),
    match: values.match,
    tocsin: tocsin(root),
    alertmanager: alertmanager(process.env),
    say: print,
  };
  const report: Report = {
    at: new Date().toISOString(),
    machine: machine(settings),
    results: [],
  };
  for (const [name, value] of Object.entries(report.machine)) print(`${name}: ${value}`);
  for (const bench of benches) {
    if (chosen.length > 0 && !chosen.includes(bench.name)) continue;
    print(`\n${bench.name}: ${bench.question}`);
    report.results.push(...(await bench.run(settings)));
  }
  print("");
  if (before !== null) {
    print(`compared with the run of ${before.at}`);
    for (const line of otherConditions(report, before)) print(line);
  }
  for (const line of resultLines(report.results, before?.results ?? null)) print(line);
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
  }
}

await main().catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
