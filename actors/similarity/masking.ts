/**
 * Messages without what differs each time: "p95 of checkout-7f9c is 4.2 s at 10:32" and the same
 * with other numbers are one template. Masked are times, addresses (IP, MAC, host:port), ids,
 * numbers with their units, quoted values and the variable parts of paths. Not masked are short
 * names with a digit in them ("p99", "5xx", "k8s", "v2"): they say what the message is about.
 *
 * One pass over the text, by a pattern without nested repetition: the cost is linear.
 */

/** Of a text that is looked at, in UTF-16 units. */
const textCharsMax = 2_048;
/** Of a template; longer ones are cut. */
export const templateCharsMax = 512;

const endOfWord = "(?![a-z0-9])";
const clock = "\\d{1,2}:\\d{2}:\\d{2}(?:[.,]\\d{1,9})?";
const date = "\\d{4}[-/]\\d{2}[-/]\\d{2}";
const zone = "(?:z|[+-]\\d{2}:?\\d{2})?";
const number = "[-+]?\\d[\\d,_]*(?:\\.\\d+)*(?:e[-+]?\\d+)?";
/** Units that may change between two messages of one rule: "950 ms" and "1.2 s". */
const unit =
  "(?:ns|us|µs|ms|s|sec|secs|seconds?|m|min|mins|minutes?|h|hours?|d|days?" +
  "|[kmgt]i?b|bytes?|b|[kmgt]bps|%|percent|°c|x|k|usd|rps|qps|st|nd|rd|th)";
/** Random endings of pods' names avoid vowels and easily confused digits. */
const podEnding = "-[a-z0-9]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}";

/** What begins with a word. In order: what one matches no later one looks at. */
const inWords: [mask: string, pattern: string][] = [
  ["<uuid>", `[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}${endOfWord}`],
  ["<time>", `${date}(?:[t ](?:${clock}|\\d{2}:\\d{2})${zone})?`],
  ["<time>", `(?:${clock}|\\d{2}:\\d{2}(?![:\\d]))${zone}${endOfWord}`],
  ["<mail>", "[\\w.+-]{1,64}@[\\w-]{1,63}(?:\\.[\\w-]{1,63})+"],
  ["<addr>", `\\d{1,3}(?:\\.\\d{1,3}){3}(?:/\\d{1,2})?(?::\\d{1,5})?(?![.\\d])`],
  ["<addr>", "[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){2,7}(?![\\w:])"],
  ["<addr>", `(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}${endOfWord}`],
  ["<addr>", `[a-z][\\w-]{0,62}(?:\\.[\\w-]{1,63})*:\\d{4,5}${endOfWord}`],
  ["<n>", "v\\d+(?:\\.\\d+)+[\\w-]*"],
  ["<n>", `(?:\\d+(?:\\.\\d+)?(?:ms|[dhms])){2,6}${endOfWord}`],
  ["<n>", `\\$?${number}(?: ?${unit})?${endOfWord}`],
];
const elsewhere: [mask: string, pattern: string][] = [
  ["<quoted>", `"[^"\\n]{1,200}"|\`[^\`\\n]{1,200}\`|(?<![a-z0-9])'[^'\\n]{1,200}'(?![a-z0-9])`],
  ["<addr>", "\\[[0-9a-f:]{2,39}\\](?::\\d{1,5})?|(?<![\\w:])::[0-9a-f:]{1,37}(?![\\w:])"],
  ["?<query>", "\\?[\\w%.-]+=[^\\s\"')]*"],
  ["-<id>", `${podEnding}${endOfWord}`],
];
const masks = [...elsewhere, ...inWords].map(([mask]) => mask);
const groups = (list: [mask: string, pattern: string][]): string =>
  list.map(([, pattern]) => `(${pattern})`).join("|");
// Most words have neither a digit nor "@" or ":": one look ahead spares them the patterns.
const wordOfInterest = "(?<![a-z0-9])(?=[$a-z_.+-]*[\\d@:])";
const variable = new RegExp(
  `${groups(elsewhere)}|${wordOfInterest}(?:${groups(inWords)}|[a-z]*\\d[a-z0-9]*)`,
  "g",
);

/** Lower-case, spaces folded, at most `templateCharsMax` long. Never throws. */
export function templateOf(text: string): string {
  const folded = text.slice(0, textCharsMax).toLowerCase().replace(/\s+/g, " ").trim();
  const masked = folded.replace(variable, (match, ...found: unknown[]) => {
    for (let place = 0; place < masks.length; place += 1) {
      if (found[place] !== undefined) return masks[place]!;
    }
    return maskedWord(match);
  });
  return masked.slice(0, templateCharsMax);
}

/** A word of letters and digits. */
function maskedWord(word: string): string {
  if (/^(?:[a-z]{1,2}\d{1,2}|\dxx|[a-z]\d[a-z])$/.test(word)) return word;
  const [, name] = /^([a-z]{3,})\d+$/.exec(word) ?? [];
  return name === undefined ? "<id>" : `${name}<n>`;
}
