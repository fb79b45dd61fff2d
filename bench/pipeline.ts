/**
 * Does the whole pipeline keep up, not only the door? Alerts come at fixed rates, 95 % of them
 * repeats, and each second the bench looks how many of those accepted the dedup stage has not
 * counted yet, and how many steps are not yet rows in ClickHouse. A rate is sustained if neither
 * grows over the second half of the time.
 */
import { setTimeout as pause } from "node:timers/promises";
import { type Backlog, backlogOf, workedOff } from "./backlog.ts";
import type { Bench, BenchSettings, Measurement } from "./bench.ts";
import type { Running } from "./contenders.ts";
import { runLoad } from "./load.ts";
import { type OpenResult, runOpenLoop } from "./open-loop.ts";

const rates = [25_000, 50_000, 100_000, 200_000];
const alertsPerRequest = 60;
const newPerRequest = 3;
const population = 10_240;
/** As many times the length of a round: a backlog needs time to show. */
const roundsLong = 5;
const sampleEveryMs = 1_000;

export const pipeline: Bench = {
  name: "pipeline",
  question: "alerts a second, from the door to the row, with 95 % repeats",
  async run(settings: BenchSettings): Promise<Measurement[]> {
    const measurements: Measurement[] = [];
    for (const rate of rates) {
      if (String(rate).includes(settings.match)) {
        measurements.push(...(await measureRate(rate, settings)));
      }
    }
    return measurements;
  },
};

async function measureRate(rate: number, settings: BenchSettings): Promise<Measurement[]> {
  const server = await settings.tocsin.start();
  try {
    const base = { host: server.host, port: server.port, path: "/api/v2/alerts" };
    const firstAlert = settings.seed;
    const fill = { connections: 8, alertsPerRequest: 64, alertsMax: population, firstAlert };
    await runLoad({ ...base, ...fill, population, durationMs: 60_000 });
    await workedOff(server);
    const samples: Backlog[] = [];
    const load = runOpenLoop({
      ...{ ...base, firstAlert, population, alertsPerRequest, newPerRequest },
      connections: 32,
      alertsPerSecond: rate,
      durationMs: settings.roundMs * roundsLong,
    });
    const watching = watch(server, samples, load);
    const result = await load;
    await watching;
    return report(rate, result, samples, settings);
  } finally {
    await server.stop();
  }
}

async function watch(server: Running, samples: Backlog[], load: Promise<unknown>): Promise<void> {
  let over = false;
  void load.finally(() => (over = true)).catch(() => {});
  while (!over) {
    await pause(sampleEveryMs);
    if (!over) samples.push(await backlogOf(server));
  }
}

function report(
  rate: number,
  result: OpenResult,
  samples: Backlog[],
  { say }: BenchSettings,
): Measurement[] {
  const half = samples.slice(Math.floor(samples.length / 2));
  const first = half[0]?.alertsBehind ?? 0;
  const last = half.at(-1)?.alertsBehind ?? 0;
  const stepsBehind = half.at(-1)?.stepsBehind ?? 0;
  const perSecond = result.accepted / result.seconds;
  const growth = (last - first) / Math.max(1, half.length - 1);
  const note =
    `accepted ${Math.round(perSecond)}/s, refused ${result.refused}, unsent ${result.unsent}, ` +
    `behind ${last} alerts and ${stepsBehind} steps, door p50 ${result.p50Ms.toFixed(1)} ms, ` +
    `p99 ${result.p99Ms.toFixed(1)} ms`;
  say(`pipeline at ${rate}/s: backlog grows by ${Math.round(growth)} alerts/s; ${note}`);
  const name = `pipeline/${rate}`;
  return [
    { name: `${name}/accepted`, value: perSecond, unit: "alerts/s", better: "more", note },
    { name: `${name}/backlog growth`, value: growth, unit: "alerts/s", better: "less" },
    { name: `${name}/door p99`, value: result.p99Ms, unit: "ms", better: "less" },
  ];
}
