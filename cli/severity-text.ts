/** How a severity score looks in a terminal: the decision, its terms, and what is not known. */
import type { SeverityScore, Term } from "../actors/severity/score.ts";
import { severityColour, type Paint } from "./colours.ts";
import { plain } from "./plain-text.ts";
import { table } from "./table.ts";

const heads = ["FACTOR", "AXIS", "VALUE", "HOW BAD", "WEIGHT", "POINTS", "WHERE FROM"];
/** Columns of numbers. */
const right = [3, 4, 5];

/** Several lines, the last with a line feed. */
export function scoreText(score: SeverityScore, paint: Paint): string {
  const { level, severity, because, terms, missing } = score;
  const named = paint(severityColour(severity), `${plain(level)} (${plain(severity)})`);
  const unknown = missing.length === 0 ? "" : `\n${wrapped("Not known:", missing)}\n`;
  return (
    `${named}, score ${score.score} of 100\n${plain(because)}\n\n` +
    `${termTable(terms, score.score, paint)}${unknown}`
  );
}

/** Words after a heading, with line breaks before column `columns`. */
function wrapped(heading: string, words: string[], columns = 96): string {
  const lines = [heading];
  words.forEach((word, at) => {
    const text = ` ${plain(word)}${at === words.length - 1 ? "" : ","}`;
    const line = lines.at(-1) ?? "";
    if (line.length + text.length > columns) lines.push(` ${text}`);
    else lines[lines.length - 1] = line + text;
  });
  return lines.join("\n");
}

function termTable(terms: Term[], score: number, paint: Paint): string {
  const cells = terms.map(({ factor, axis, value, normalised, weight, contribution, because }) => [
    ...[factor, axis, String(value)].map(plain),
    ...[normalised.toFixed(2), String(weight), contribution.toFixed(2)],
    plain(because),
  ]);
  cells.push(["score", "", "", "", "", score.toFixed(2), "the sum of the points"]);
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const aligned = (row: string[]): string[] =>
    row.map((cell, column) => (right.includes(column) ? cell.padStart(widths[column] ?? 0) : cell));
  return table(aligned(heads), cells.map(aligned), (cell, _, row) => {
    if (row < 0) return paint("dim", cell);
    return row === terms.length ? paint("bold", cell) : cell;
  });
}
