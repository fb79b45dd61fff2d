/** The report for a terminal. */
import { table } from "../../cli/table.ts";
import type { Report } from "./report.ts";
import type { Summary } from "./summary.ts";
import { readable } from "./verdict.ts";

const heads = [
  ...["scenario", "asked/s", "accepted/s", "p50 ms", "p95 ms", "p99 ms", "max ms"],
  ...["shed", "failed", "unsent", "k6 cores", "max lag", "max RSS", "verdict"],
];

export function reportTable({ results }: Report): string {
  return table(heads, results.flatMap(rows));
}

/** One line a phase; what is of the whole scenario stands in its first one. */
function rows(summary: Summary): string[][] {
  const { scenario, rows: phases, verdict, lagMax, residentMaxMiB } = summary;
  const lag = lagMax === null ? "?" : readable(lagMax);
  const memory = residentMaxMiB === null ? "?" : `${readable(residentMaxMiB)} MiB`;
  if (phases.length === 0) {
    return [[scenario, ...new Array<string>(10).fill(""), lag, memory, verdict]];
  }
  return phases.map((row, at) => [
    row.name === scenario ? scenario : `${scenario} ${row.name}`,
    readable(row.askedPerSecond),
    readable(row.acceptedPerSecond),
    ...[row.p50Ms, row.p95Ms, row.p99Ms, row.maxMs].map(readable),
    ...[row.shed, row.failed, row.unsent].map(readable),
    row.generatorCores === null ? "?" : readable(row.generatorCores),
    ...(at === 0 ? [lag, memory, verdict] : ["", "", ""]),
  ]);
}

/** What did not hold, and what was noticed; as lines. */
export function remarks({ results }: Report): string[] {
  return results.flatMap(({ scenario, checks, notes }) => [
    ...checks
      .filter(({ holds }) => holds !== true)
      .map(({ name, wanted, got, holds }) => {
        const what = holds === null ? "not judged" : "BROKEN";
        return `${scenario}: ${what}: ${name}: wanted ${wanted}, got ${got}`;
      }),
    ...notes.map((note) => `${scenario}: ${note}`),
  ]);
}
