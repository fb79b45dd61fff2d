/**
 * Text from alerts is written by whoever can send an alert; a terminal obeys what it is sent.
 * So nothing reaches it that could move the cursor, change colours or titles, forge a line, or
 * reverse the reading order: such characters are shown as escapes instead.
 */

// C0 and C1 controls, DEL, line and paragraph separators, bidirectional controls, and the
// invisible characters that make two different texts look equal.
const unsafe =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Cs}/gu;

const named: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** One line, safe to print. */
export function plain(text: string): string {
  return text.replace(unsafe, escaped);
}

/** Several lines, safe to print: line breaks stay, each line begins with `indent`. */
export function plainLines(text: string, indent: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => indent + plain(line.replaceAll("\t", "  ")))
    .join("\n");
}

function escaped(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  return named[char] ?? `\\u{${code.toString(16)}}`;
}
