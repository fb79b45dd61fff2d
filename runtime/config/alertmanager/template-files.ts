/** `templates`: patterns of file names, relative to the configuration. */
import { readdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { ConfigValue } from "../value.ts";

const patternsMax = 1_000;
const filesMax = 10_000;

/** Absolute paths, in the order of the patterns, each file once. */
export function readTemplateFiles(value: ConfigValue, configFile: string): string[] {
  const found = new Set<string>();
  for (const item of value.list(patternsMax)) {
    const pattern = item.scalarText("");
    const files = pattern === "" ? [] : expandPattern(resolve(dirname(configFile), pattern));
    if (files === null) item.expected("a pattern whose [ ] match");
    else if (files.length === 0) item.warn(`no file matches ${pattern}`);
    for (const file of files ?? []) found.add(file);
  }
  if (found.size > filesMax) value.problem(`${found.size} files, expected at most ${filesMax}`);
  return [...found].slice(0, filesMax);
}

/** As Go's filepath.Glob: *, ? and [a-z] within one name; there is no **. Null: malformed. */
function expandPattern(pattern: string): string[] | null {
  let paths = ["/"];
  for (const part of pattern.split("/").filter((each) => each !== "")) {
    const expression = patternExpression(part);
    if (expression === null) return null;
    paths = /[*?[\\]/.test(part)
      ? paths.flatMap((path) =>
          namesIn(path)
            .filter((name) => expression.test(name))
            .map((name) => join(path, name)),
        )
      : paths.map((path) => join(path, part));
  }
  return paths.filter(isFile);
}

function patternExpression(part: string): RegExp | null {
  const token = /\\([^])|\[(\^?)((?:\\[^]|[^\]\\])+)\]|([*?])|([^[\\])/uy;
  let source = "";
  while (token.lastIndex < part.length) {
    const match = token.exec(part);
    if (match === null) return null;
    const [, escaped, negated, members, wildcard, char] = match;
    if (wildcard !== undefined) source += wildcard === "*" ? "[^]*" : "[^]";
    else if (members !== undefined) {
      source += `[${negated}${members.replace(/\\?([^\\-])/gu, (_, each: string) => hex(each))}]`;
    } else source += hex((escaped ?? char)!);
  }
  try {
    return new RegExp(`^${source}$`, "u");
  } catch {
    return null;
  }
}

function hex(char: string): string {
  return `\\u{${char.codePointAt(0)!.toString(16)}}`;
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    // Not a directory, or not ours to read: no file of it matches, which is warned of.
    return [];
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
