/**
 * The load generator for one alert a request: wrk (github.com/wg/wrk), where it is installed. A
 * request costs it less than it costs load.ts, and on shared cores what the generator takes is
 * missing from the server. Requests are built beforehand, by the same code as for load.ts; wrk
 * sends them in turn over all of its connections, one at a time on each.
 *
 * wrk calls an answer refused from status 400 on; the servers measured here answer alerts with 200
 * or with such a one.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AlertRequest } from "./alert-bytes.ts";
import type { LoadPlan, LoadResult } from "./load.ts";

/** Each alert is in so many of the requests, each time with another end time. */
const sendingsPerAlert = 4;

export function hasWrk(): boolean {
  return spawnSync("wrk", ["-v"]).error === undefined;
}

/**
 * @param plan with a population, one alert a request and no limit; whole seconds.
 * @throws Error when wrk fails.
 */
export async function runWrk(plan: LoadPlan): Promise<LoadResult> {
  const dir = mkdtempSync(join(tmpdir(), "tocsin-bench-wrk-"));
  try {
    const script = join(dir, "requests.lua");
    const { bytes, size, count } = requestsOf(plan);
    writeFileSync(join(dir, "requests"), bytes);
    writeFileSync(script, luaScript(join(dir, "requests"), size, count));
    return resultOf(await wrk(plan, script), plan);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function requestsOf(plan: LoadPlan): { bytes: Buffer; size: number; count: number } {
  const { path, host, population, firstAlert } = plan;
  if (population === "new" || plan.alertsPerRequest !== 1) {
    throw new Error("wrk sends known alerts, one a request");
  }
  const request = new AlertRequest(path, host, 1, Date.now());
  const count = population * sendingsPerAlert;
  const requests = Array.from({ length: count }, (_, n) => {
    request.fill(0, firstAlert + (n % population), n);
    return Buffer.from(request.bytes);
  });
  return { bytes: Buffer.concat(requests), size: request.bytes.length, count };
}

/** wrk's own language: `request` is called for each request, `done` once. */
function luaScript(file: string, size: number, count: number): string {
  return [
    `local file = assert(io.open(${JSON.stringify(file)}, "rb"))`,
    "local requests, nth = {}, 0",
    `for i = 1, ${count} do requests[i] = file:read(${size}) end`,
    "file:close()",
    "function request()",
    `  nth = nth % ${count} + 1`,
    "  return requests[nth]",
    "end",
    "function done(summary, latency)",
    "  local errors = summary.errors",
    "  local broken = errors.connect + errors.read + errors.write + errors.timeout",
    "  io.write(string.format(",
    '    "counted %d %d %d %d %d %d\\n",',
    "    summary.requests, summary.duration, errors.status, broken,",
    "    latency:percentile(50), latency:percentile(99)",
    "  ))",
    "end",
  ].join("\n");
}

function wrk({ host, port, path, connections, durationMs }: LoadPlan, script: string) {
  const seconds = Math.max(1, Math.round(durationMs / 1000));
  const url = `http://${host}:${port}${path}`;
  const args = ["-t1", `-c${connections}`, `-d${seconds}s`, "-s", script, url];
  return new Promise<string>((resolve, reject) => {
    const child = spawn("wrk", args, { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    child.once("error", reject);
    child.once("close", () => resolve(text));
  });
}

function resultOf(text: string, plan: LoadPlan): LoadResult {
  const numbers = /^counted (.+)$/m.exec(text)?.[1]?.split(" ").map(Number);
  if (numbers === undefined) throw new Error(`wrk did not count: ${text}`);
  const [answers = 0, microseconds = 0, failed = 0, broken = 0, p50 = 0, p99 = 0] = numbers;
  const accepted = answers - failed;
  const seconds = microseconds / 1e6;
  return {
    accepted,
    seconds,
    alertsPerSecond: accepted / Math.max(seconds, 0.001),
    p50Ms: p50 / 1000,
    p99Ms: p99 / 1000,
    refused: { ...(failed > 0 && { "400 or above": failed }), ...(broken > 0 && { broken }) },
    nextAlert: plan.firstAlert,
  };
}
