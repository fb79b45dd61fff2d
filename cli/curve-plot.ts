/** A curve and its measured points as rows of text: a bar for each point, a mark for the curve. */
import type { Curve } from "../capacity/self-check.ts";

const columns = 40;

/** One line for each point: measured as a bar, `|` where the curve says it should end. */
export function bars({ points }: Curve): string[] {
  const most = Math.max(...points.flatMap(({ measured, fitted }) => [measured, fitted]));
  const place = (value: number): number => Math.round((value / most) * columns);
  return points.map(({ measured, fitted }) => {
    const bar = "=".repeat(place(measured)).padEnd(columns + 1);
    const mark = place(fitted);
    return `${bar.slice(0, mark)}|${bar.slice(mark + 1)}`.trimEnd();
  });
}
