/** Aligned columns for a terminal. Cells must be safe to print (plain-text.ts). */

const gap = "  ";
/** The last column is cut here, so that one long title does not wrap every line. */
const lastColumnMax = 100;

/** @param paint colours a cell after alignment; it must not change the visible width. */
export function table(
  heads: string[],
  rows: string[][],
  paint: (cell: string, column: number, row: number) => string = (cell) => cell,
): string {
  const last = heads.length - 1;
  const cut = rows.map((row) => row.map((cell, at) => (at === last ? shorten(cell) : cell)));
  const widths = heads.map((head, column) =>
    Math.max(width(head), ...cut.map((row) => width(row[column] ?? ""))),
  );
  const line = (row: string[], at: number): string =>
    row
      .map((cell, column) => {
        const padding = column === last ? 0 : (widths[column] ?? 0) - width(cell);
        return paint(cell, column, at) + " ".repeat(padding);
      })
      .join(gap)
      .trimEnd();
  return [heads, ...cut].map((row, at) => `${line(row, at - 1)}\n`).join("");
}

function shorten(cell: string): string {
  const chars = [...cell];
  return chars.length <= lastColumnMax ? cell : chars.slice(0, lastColumnMax - 1).join("") + "…";
}

// Scripts and pictures that terminals draw two columns wide.
const wideScripts =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/;
const pictures = /\p{Emoji_Presentation}/u;

function width(text: string): number {
  let columns = 0;
  for (const char of text) {
    if (/\p{Mn}/u.test(char)) continue;
    columns += wideScripts.test(char) || pictures.test(char) ? 2 : 1;
  }
  return columns;
}
