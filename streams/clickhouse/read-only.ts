/**
 * The fence in front of foreign SQL. ClickHouse's own `readonly = 1` already refuses writes,
 * settings and most table functions; this check closes what it leaves open (a SELECT may write
 * INTO OUTFILE, `file()` reads any file, KILL is not a write) and says so in plain words.
 * Pure: it looks at tokens, so that a word inside a string, a comment or a quoted name is not
 * mistaken for a keyword, and a keyword cannot hide in one.
 */
import { TerminalError } from "../../runtime/errors.ts";

export const statementCharsMax = 256 * 1024;

const firstWords = ["select", "with", "show", "describe", "desc", "exists", "explain"];

/** Table functions that stay inside the engine. Every other one is refused. */
const harmlessTableFunctions = new Set([
  "format",
  "generaterandom",
  "generate_series",
  "generateseries",
  "merge",
  "mergetreeindex",
  "mergetreeprojection",
  "null",
  "numbers",
  "numbers_mt",
  "primes",
  "sqlstandardvalues",
  "values",
  "view",
  "viewexplain",
  "viewifpermitted",
  "zeros",
  "zeros_mt",
]);

/** Ordinary functions that reach outside the engine, or hold a thread without working. */
const outwardFunctions = [
  "file",
  "filesystem",
  "catboostevaluate",
  "aiclassify",
  "aiembed",
  "aiextract",
  "aigenerate",
  "aitranslate",
  "sleep",
  "sleepeachrow",
];

const binaryFormats =
  /^(native|rowbinary|parquet|arrow|orc|avro|msgpack|bson|protobuf|capnproto|npy|buffers|null)/i;

/** Names that must not be called: those above, and the engine's table functions but the safe. */
export function guardedNames(tableFunctions: string[]): Set<string> {
  const guarded = new Set(outwardFunctions);
  for (const name of tableFunctions) {
    if (!harmlessTableFunctions.has(name.toLowerCase())) guarded.add(name.toLowerCase());
  }
  return guarded;
}

/**
 * The statement without a trailing ";" or FORMAT clause, and the format to ask for: the one in
 * the statement wins over `format`.
 * @throws TerminalError when it is not one statement that only reads.
 */
export function checkReadOnly(
  sql: string,
  format: string,
  guarded: Set<string>,
): { sql: string; format: string } {
  if (sql.length > statementCharsMax) {
    throw new TerminalError(`the statement is longer than ${statementCharsMax} characters`);
  }
  const tokens = tokenize(sql);
  while (tokens.at(-1)?.text === ";") tokens.pop();
  if (tokens.length === 0) throw new TerminalError("the statement is empty");
  const opening = tokens.find((token) => token.text !== "(");
  if (opening === undefined || !firstWords.includes(opening.word)) {
    throw new TerminalError(
      `only reading is allowed here: a statement begins with ${firstWords.join(", ")}`,
    );
  }
  for (const [index, token] of tokens.entries()) {
    const next = tokens[index + 1];
    if (token.text === ";") throw new TerminalError("only one statement at a time is allowed");
    if (token.word === "into" && next?.word === "outfile") {
      throw new TerminalError("only reading is allowed here: INTO OUTFILE is refused");
    }
    const applied = calledByApply(tokens, index);
    const called = applied ?? (next?.text === "(" ? token : undefined);
    if (called !== undefined && (guarded.has(called.name) || called.name.includes("\\"))) {
      throw new TerminalError(
        `the function ${called.text} is refused: it reaches outside the database`,
      );
    }
  }
  return withFormat(sql, format, tokens);
}

/** `columns(…) APPLY f` and `APPLY (f)` call f without parentheses of its own. */
function calledByApply(tokens: Token[], index: number): Token | undefined {
  if (tokens[index]?.word !== "apply") return undefined;
  const next = tokens[index + 1];
  return next?.text === "(" ? tokens[index + 2] : next;
}

function withFormat(
  sql: string,
  format: string,
  tokens: Token[],
): { sql: string; format: string } {
  const keyword = tokens.at(-2);
  const named = tokens.at(-1);
  const inSql = keyword?.word === "format" && named !== undefined && named.word !== "";
  const chosen = inSql ? named.text : format;
  if (!/^[A-Za-z0-9]{1,64}$/.test(chosen) || binaryFormats.test(chosen)) {
    throw new TerminalError(
      `the format ${chosen.slice(0, 64)} cannot be shown as text: ` +
        "take JSON, JSONEachRow, CSVWithNames, TSVWithNames, PrettyCompact or Vertical",
    );
  }
  const end = inSql ? keyword.start : (named?.end ?? 0);
  return { sql: sql.slice(0, end), format: chosen };
}

/** `word`: lower-case keyword or bare name; `name`: also that of a quoted identifier. */
type Token = { text: string; word: string; name: string; start: number; end: number };

const tokenPattern = new RegExp(
  [
    String.raw`(?<space>\s+|--[^\n]*|#[! ][^\n]*|/\*[\s\S]*?\*/)`,
    String.raw`(?<string>'(?:[^'\\]|\\[\s\S]|'')*')`,
    String.raw`(?<quoted>\x60(?:[^\x60\\]|\\[\s\S]|\x60\x60)*\x60|"(?:[^"\\]|\\[\s\S]|"")*")`,
    String.raw`(?<word>[A-Za-z_][A-Za-z0-9_$]*)`,
    String.raw`(?<number>\d[\w.]*)`,
    // ASCII only: the engine takes typographic quotes for quotes, which would hide what follows.
    String.raw`(?<mark>[!-~])(?<!['"\x60])`,
  ].join("|"),
  "gy",
);

function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < sql.length) {
    if (opensUnclosed(sql, at)) break;
    tokenPattern.lastIndex = at;
    const match = tokenPattern.exec(sql);
    if (match === null) break;
    const end = at + match[0].length;
    if (match.groups?.["space"] === undefined) {
      const word = (match.groups?.["word"] ?? "").toLowerCase();
      const quoted = match.groups?.["quoted"];
      const name = quoted === undefined ? word : quoted.slice(1, -1).toLowerCase();
      tokens.push({ text: match[0], word, name, start: at, end });
    }
    at = end;
  }
  if (at < sql.length) {
    throw new TerminalError(
      `the statement has a string, name or comment that is not understood at character ${at + 1}`,
    );
  }
  return tokens;
}

/** A comment without an end; also any $heredoc$ string, which is not worth its complexity. */
function opensUnclosed(sql: string, at: number): boolean {
  if (sql.startsWith("/*", at)) return sql.indexOf("*/", at + 2) === -1;
  return sql[at] === "$";
}
