/**
 * Character classes of Go's regular expressions, and folding of case, written out as JavaScript
 * character classes. JavaScript can ignore case only for a whole expression, Go for any part of
 * one; so every character of such a part becomes the class of its forms.
 */

/** ASCII classes of POSIX: their content in a JavaScript class. */
const posixClasses: Record<string, string> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  ascii: "\\0-\\x7f",
  blank: "\\t ",
  cntrl: "\\0-\\x1f\\x7f",
  digit: "0-9",
  graph: "!-~",
  lower: "a-z",
  print: " -~",
  punct: "!-\\/:-@\\[-`\\{-~",
  space: "\\t-\\r ",
  upper: "A-Z",
  word: "0-9A-Za-z_",
  xdigit: "0-9A-Fa-f",
};

/** Go's \s has no vertical tab and nothing beyond ASCII. */
const perlClasses: Record<string, string> = { d: "0-9", s: "\\t\\n\\f\\r ", w: "0-9A-Za-z_" };

/** Letters with more than two forms, which upper and lower case alone do not reach. */
const foldingOrbits = ["kK\u212a", "sS\u017f", "åÅ\u212b", "βΒϐ", "εΕϵ", "θΘϑϴ", "κΚϰ"].concat(
  ["μΜµ", "πΠϖ", "ρΡϱ", "σΣς", "φΦϕ", "ωΩ\u2126", "ßẞ"],
);
/** No letter beyond this code point has another case. */
const casedCodePointMax = 0x1e943;

const escapedControls: Record<string, number> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };

/**
 * The character that an escape such as \n, \x{1F514}, \052 or \. stands for, and where it ends;
 * null when Go knows no such escape: \1 would be a back-reference.
 */
export function readEscapedCodePoint(
  text: string,
  at: number,
): { codePoint: number; end: number } | null {
  const pattern =
    /\\(?:([1-7][0-7]{1,2}|0[0-7]{0,2})|x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))|([^]))/uy;
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  if (match === null) return null;
  const end = pattern.lastIndex;
  const [, octal, longHex, hex, char] = match;
  const code = octal ? Number.parseInt(octal, 8) : Number.parseInt(longHex ?? hex ?? "", 16);
  if (!Number.isNaN(code)) return code <= 0x10ffff ? { codePoint: code, end } : null;
  const control = escapedControls[char ?? ""];
  if (control !== undefined) return { codePoint: control, end };
  const isPunctuation = char !== undefined && char < "\x80" && !/[A-Za-z0-9]/.test(char);
  return isPunctuation ? { codePoint: char.codePointAt(0)!, end } : null;
}

/** A code point as it may stand inside a class and outside. */
export function escapedCodePoint(codePoint: number): string {
  const char = String.fromCodePoint(codePoint);
  return /[\w ]/.test(char) ? char : escape(codePoint);
}

function escape(codePoint: number): string {
  const hex = codePoint.toString(16);
  return codePoint > 0xffff ? `\\u{${hex}}` : `\\u${hex.padStart(4, "0")}`;
}

/** The content of a class with all forms of a letter, itself first. */
export function foldedCodePoint(codePoint: number): string {
  const char = String.fromCodePoint(codePoint);
  const forms = new Set([char]);
  const orbit = foldingOrbits.find((each) => each.includes(char));
  for (const form of orbit ?? [char.toLowerCase(), char.toUpperCase()]) {
    if ([...form].length === 1) forms.add(form);
  }
  return [...forms].map((form) => escapedCodePoint(form.codePointAt(0)!)).join("");
}

export function codePointRange(from: number, to: number, fold: boolean): string {
  const range = `${escapedCodePoint(from)}-${escapedCodePoint(to)}`;
  if (!fold) return range;
  const forms = new Set<string>();
  for (let at = from; at <= Math.min(to, casedCodePointMax); at++) {
    if (at >= 0xd800 && at <= 0xdfff) continue;
    const folded = foldedCodePoint(at);
    if (folded !== escapedCodePoint(at)) forms.add(folded);
  }
  return range + [...forms].join("");
}

/** Content of `[:name:]` or `[:^name:]`; null when there is no such class. */
export function posixClass(name: string, fold: boolean): string | null {
  const negated = name.startsWith("^");
  const content = posixClasses[negated ? name.slice(1) : name];
  if (content === undefined) return null;
  const folds = fold && /^\^?(lower|upper)$/.test(name);
  return negated ? complement(folds ? "A-Za-z" : content) : folds ? "A-Za-z" : content;
}

/** Content of \d, \S and their like; null when the letter names no class. */
export function perlClass(letter: string, fold: boolean): string | null {
  const content = perlClasses[letter.toLowerCase()];
  if (content === undefined) return null;
  const folded = letter.toLowerCase() === "w" && fold ? `${content}\u017f\u212a` : content;
  return letter === letter.toLowerCase() ? folded : complement(folded);
}

/** Content of \p{name}, or of \P{name} when negated; null when Unicode has no such name. */
export function unicodeClass(name: string, negated: boolean, fold: boolean): string | null {
  const inverted = name.startsWith("^") !== negated;
  const plain = name.startsWith("^") ? name.slice(1) : name;
  if (!/^[A-Za-z][A-Za-z_]*$/.test(plain)) return null;
  const letter = inverted ? "P" : "p";
  // Letters of one case are letters of any case where case is ignored.
  if (fold && /^(Lu|Ll|Lt)$/.test(plain)) {
    return inverted ? "\\P{L}\\p{Lm}\\p{Lo}" : "\\p{Lu}\\p{Ll}\\p{Lt}";
  }
  return [`\\${letter}{${plain}}`, `\\${letter}{Script=${plain}}`].find(isExpression) ?? null;
}

/**
 * What a class must contain to hold exactly the characters outside of `content`: a class cannot
 * be nested in a class, so the gaps between its parts are counted out.
 */
function complement(content: string): string {
  const inside = new RegExp(`[${content}]`, "u");
  const gaps: string[] = [];
  let from = 0;
  // Beyond the Kelvin sign no POSIX or Perl class contains anything.
  for (let at = 0; at <= 0x212b; at++) {
    if (!inside.test(String.fromCodePoint(at))) continue;
    if (at > from) gaps.push(`${escape(from)}-${escape(at - 1)}`);
    from = at + 1;
  }
  return `${gaps.join("")}${escape(from)}-${escape(0x10ffff)}`;
}

function isExpression(source: string): boolean {
  try {
    new RegExp(source, "u");
    return true;
  } catch {
    return false;
  }
}
