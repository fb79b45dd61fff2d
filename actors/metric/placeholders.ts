/**
 * Texts with places for what an alert is about: "p95 is {{ value }} on {{ labels.model_id }}". The
 * whole language: words in double braces. There is no code, so a template can neither fail nor
 * loop; a word that means nothing is found when the text is read.
 */

export type TextPiece =
  | { kind: "text"; text: string }
  | { kind: "word"; word: PlaceholderWord }
  | { kind: "label"; label: string };

/** What each word means. */
export const placeholderWords = {
  value: "the value, with its unit, as people read it",
  raw_value: "the value as a bare number in the template's unit",
  threshold: "the threshold of the level that fires",
  clear: "what the value must pass for the level to end",
  for: "how long the value had to be over the threshold",
  level: "warning or critical",
  severity: "the level's severity",
  direction: "above or below",
  metric: "the metric's name as it was sent",
  template: "the template's name",
} as const;
export type PlaceholderWord = keyof typeof placeholderWords;

const labelPrefix = "labels.";
const placeholder = /\{\{\s*(.*?)\s*\}\}/gs;

/** A sentence instead of pieces when a placeholder means nothing. */
export function parseText(text: string): TextPiece[] | { problem: string } {
  const pieces: TextPiece[] = [];
  const plain = (part: string): void => {
    if (part !== "") pieces.push({ kind: "text", text: part });
  };
  let end = 0;
  for (const match of text.matchAll(placeholder)) {
    const word = match[1] as string;
    plain(text.slice(end, match.index));
    end = match.index + match[0].length;
    if (Object.hasOwn(placeholderWords, word)) {
      pieces.push({ kind: "word", word: word as PlaceholderWord });
    } else if (/^labels\.[^\s{}]+$/.test(word)) {
      pieces.push({ kind: "label", label: word.slice(labelPrefix.length) });
    } else {
      const known = [...Object.keys(placeholderWords), "labels.NAME"].join(", ");
      return { problem: `there is no placeholder {{${word}}}, expected one of ${known}` };
    }
  }
  const rest = text.slice(end);
  if (rest.includes("{{")) return { problem: "a placeholder is not closed, expected }}" };
  plain(rest);
  return pieces;
}

/** @param labels of the sample; one that it has not is "(no NAME)". */
export function renderText(
  pieces: readonly TextPiece[],
  words: Readonly<Record<PlaceholderWord, string>>,
  labels: Readonly<Record<string, string>>,
): string {
  return pieces
    .map((piece) => {
      if (piece.kind === "text") return piece.text;
      if (piece.kind === "word") return words[piece.word];
      const has = Object.hasOwn(labels, piece.label) && labels[piece.label] !== "";
      return has ? (labels[piece.label] as string) : `(no ${piece.label})`;
    })
    .join("");
}
