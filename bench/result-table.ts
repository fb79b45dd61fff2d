/** Results as lines of a table, and beside those of an earlier run whether they got better. */
import type { Measurement } from "./bench.ts";

export type Report = {
  at: string;
  machine: Record<string, string | number>;
  results: Measurement[];
};

/** Smaller changes are what two runs of the same code show. */
const sameWithin = 0.03;

/** One line for each result. @param before null: nothing to compare with. */
export function resultLines(results: Measurement[], before: Measurement[] | null): string[] {
  if (results.length === 0) return ["nothing matched"];
  const old = new Map((before ?? []).map((one) => [one.name, one]));
  const rows = results.map((result): string[] => {
    const { name, value, unit, note } = result;
    const former = old.get(name);
    const row = [name, shown(value), unit];
    if (before !== null) row.push(former ? shown(former.value) : "", change(result, former));
    return [...row, note ? `(${note})` : ""];
  });
  const head = ["", "now", "", ...(before === null ? [] : ["before", "change"]), ""];
  const lines = aligned(before === null ? rows : [head, ...rows]);
  const now = new Set(results.map(({ name }) => name));
  const gone = [...old.keys()].filter((name) => !now.has(name)).length;
  return gone === 0 ? lines : [...lines, `${gone} results of the earlier run were not measured`];
}

/** Where the runs differ in what they were measured on or with; empty: they can be compared. */
export function otherConditions(now: Report, before: Report): string[] {
  const names = new Set([...Object.keys(now.machine), ...Object.keys(before.machine)]);
  return [...names]
    .filter((name) => now.machine[name] !== before.machine[name])
    .map((name) => {
      const [old, present] = [before.machine[name] ?? "?", now.machine[name] ?? "?"];
      return `  other conditions: ${name} was ${old}, is ${present}`;
    });
}

/** E.g. "better x1.20": the greater of both over the smaller. */
function change({ value, better }: Measurement, former: Measurement | undefined): string {
  if (former === undefined) return "new";
  if (value === former.value) return "same";
  const isBetter = value > former.value === (better === "more");
  const mark = isBetter ? "better" : "worse";
  // A backlog may shrink, and a lag may be none: of such values there is no ratio.
  if (value <= 0 || former.value <= 0) return mark;
  const times = value > former.value ? value / former.value : former.value / value;
  return times < 1 + sameWithin ? "same" : `${mark.padEnd(6)} x${times.toFixed(2)}`;
}

function shown(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return value.toFixed(Math.abs(value) < 0.1 && value !== 0 ? 4 : 2);
}

/** Columns under each other; numbers end at the same place, texts begin there. */
function aligned(rows: string[][]): string[] {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(...rows.map((row) => row[i]?.length ?? 0)),
  );
  const isNumber = (column: number): boolean => column === 1 || (columns > 4 && column === 3);
  return rows.map((row) =>
    row
      .map((cell, i) => {
        if (i === columns - 1) return cell;
        return isNumber(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0);
      })
      .join("  ")
      .trimEnd(),
  );
}
