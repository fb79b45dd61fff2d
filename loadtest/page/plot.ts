/**
 * A plot over time as inline SVG. Colours are classes, so that the page's theme decides; without
 * scripts it is a complete picture, with them it shows values under the pointer (page-script.ts).
 */
import { escaped, scriptData } from "./html.ts";
import { axisTop, clock, shortNumber } from "./scale.ts";

export type Line = {
  label: string;
  /** Of the class that gives it its colour: c1 to c5. */
  colour: 1 | 2 | 3 | 4 | 5;
  values: (number | null)[];
  dashed?: boolean;
};

export type Plot = {
  title: string;
  unit: string;
  /** Of each point, ascending. */
  second: number[];
  lines: Line[];
};

/** Shared by all plots of a run: its length, and its phases as bands behind the lines. */
export type Span = {
  seconds: number;
  phases: { name: string; startSecond: number; endSecond: number }[];
};

const size = { width: 640, height: 190, left: 52, right: 8, top: 16, bottom: 22 };
const gridLines = 4;
const labelChars = 6.2;
const inner = {
  width: size.width - size.left - size.right,
  height: size.height - size.top - size.bottom,
};

export function plotFigure(plot: Plot, span: Span): string {
  const { title, unit, second, lines } = plot;
  const top = axisTop(Math.max(0, ...lines.flatMap(({ values }) => values.map((v) => v ?? 0))));
  const x = (at: number): number => size.left + (at / span.seconds) * inner.width;
  const y = (value: number): number => size.top + inner.height * (1 - value / top);
  const drawn = lines.map((line) => {
    const d = path(second, line.values, x, y);
    return `<path class="line c${line.colour}${line.dashed ? " dashed" : ""}" d="${d}"/>`;
  });
  const { width, height, left, right } = size;
  const data = scriptData({ ...plot, top, seconds: span.seconds, left, right, width });
  return (
    `<figure class="plot"><figcaption>${escaped(title)} <span>${escaped(unit)}</span>` +
    `${legend(lines)}</figcaption>` +
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(summary(plot))}">` +
    `${bands(span, x)}${grid(top, y)}${times(span.seconds, x)}${drawn.join("")}` +
    `<line class="cursor" y1="${size.top}" y2="${size.top + inner.height}" hidden/></svg>` +
    `<output></output><script type="application/json">${data}</script></figure>`
  );
}

/** For who cannot see it. */
function summary({ title, unit, lines }: Plot): string {
  const ranges = lines.map(({ label, values }) => {
    const known = values.filter((value) => value !== null);
    if (known.length === 0) return `${label}: not known`;
    return `${label}: at most ${shortNumber(known.reduce((a, b) => Math.max(a, b), 0))}`;
  });
  return `${title}, ${unit}; ${ranges.join("; ")}`;
}

function path(
  second: number[],
  values: (number | null)[],
  x: (at: number) => number,
  y: (value: number) => number,
): string {
  let d = "";
  let pen = "M";
  for (const [at, value] of values.entries()) {
    if (value === null) {
      pen = "M";
      continue;
    }
    d += `${pen}${x(second[at] ?? 0).toFixed(1)} ${y(value).toFixed(1)}`;
    // A point between two gaps would be invisible as a line without length.
    if (pen === "M") d += "h.01";
    pen = "L";
  }
  return d;
}

function legend(lines: Line[]): string {
  const item = ({ label, colour, dashed }: Line): string =>
    `<i class="key c${colour}${dashed ? " dashed" : ""}"></i>${escaped(label)}`;
  return `<span class="legend">${lines.map(item).join(" ")}</span>`;
}

function bands({ phases }: Span, x: (at: number) => number): string {
  return phases
    .map(({ name, startSecond, endSecond }, at) => {
      const [from, to] = [x(startSecond), x(endSecond)];
      const width = Math.max(0, to - from);
      const label = escaped(name);
      const band =
        `<rect class="band${at % 2}" x="${from.toFixed(1)}" y="${size.top}" ` +
        `width="${width.toFixed(1)}" height="${inner.height}"><title>${label}</title></rect>`;
      const fits = name.length * labelChars <= width;
      const text = `<text class="phase" x="${(from + 2).toFixed(1)}" y="11">${label}</text>`;
      return fits ? band + text : band;
    })
    .join("");
}

function grid(top: number, y: (value: number) => number): string {
  return Array.from({ length: gridLines + 1 }, (_, at) => {
    const value = (top / gridLines) * at;
    const height = y(value).toFixed(1);
    return (
      `<line class="grid" x1="${size.left}" x2="${size.width - size.right}" ` +
      `y1="${height}" y2="${height}"/>` +
      `<text class="tick" text-anchor="end" x="${size.left - 6}" y="${height}" dy=".32em">` +
      `${shortNumber(value)}</text>`
    );
  }).join("");
}

function times(seconds: number, x: (at: number) => number): string {
  const step = axisTop(seconds / 8);
  const count = Math.floor(seconds / step) + 1;
  return Array.from({ length: count }, (_, at) => {
    const place = x(at * step).toFixed(1);
    const where = `text-anchor="middle" x="${place}" y="${size.height - 6}"`;
    return `<text class="tick" ${where}>${clock(at * step)}</text>`;
  }).join("");
}
