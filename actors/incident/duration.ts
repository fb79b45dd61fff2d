/** Words for people: durations and quoted values inside reason sentences. */

/** Longest quoted value in a sentence, in characters; labels may be kilobytes long. */
const quotedCharsMax = 80;

/** "0 s", "90 s", "5 min", "1 h", "2 days": the largest unit that divides the value exactly. */
export function durationText(ms: number): string {
  if (ms % 1_000 !== 0) return `${ms} ms`;
  const seconds = ms / 1_000;
  if (seconds === 0 || seconds % 60 !== 0) return `${seconds} s`;
  const minutes = seconds / 60;
  if (minutes % 60 !== 0) return `${minutes} min`;
  const hours = minutes / 60;
  if (hours % 24 !== 0) return `${hours} h`;
  return hours === 24 ? "1 day" : `${hours / 24} days`;
}

/** Never between the halves of a surrogate pair: one of them alone would not outlive the log. */
export function clipped(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  const isHalf = /^[\ud800-\udbff][\udc00-\udfff]/.test(text.slice(charsMax - 2, charsMax));
  return `${text.slice(0, charsMax - (isHalf ? 2 : 1))}…`;
}

export function quoted(text: string): string {
  return `"${clipped(text, quotedCharsMax)}"`;
}
