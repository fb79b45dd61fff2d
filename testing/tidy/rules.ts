/** Tidy rules about one file: sizes, names, leftovers, and what pure code may not touch. */
import { lineOf, walk, type SourceFile, type SyntaxNode } from "./source-tree.ts";

export type Finding = {
  rule: string;
  path: string;
  line: number;
  message: string;
  /** A warning is printed; an error fails the test. */
  kind: "error" | "warning";
};

export const fileLinesWarn = 300;
export const fileLinesMax = 500;
export const functionLinesMax = 70;
export const lineCharsMax = 100;

type Rule = (file: SourceFile, report: (at: number, message: string) => void) => void;

export const isTest = (path: string): boolean => path.endsWith(".test.ts");
const isTesting = (path: string): boolean => isTest(path) || path.startsWith("testing/");
/** JSON is written by tools; its lines are as long as they are. */
const isCode = (path: string): boolean => !path.endsWith(".json");
/** Words that mark unfinished work, spelt so that this file does not contain them. */
const leftoverWords = new RegExp(`\\b(${["TO", "FIX"].join("DO|")}ME|${"HA"}CK)\\b`);

const fileLength: Rule = (file, report) => {
  const lines = countLines(file.text);
  if (isCode(file.path) && lines > fileLinesMax) {
    report(0, `${lines} lines, at most ${fileLinesMax}: split it by concept`);
  }
};

const lineLength: Rule = (file, report) => {
  if (!isCode(file.path)) return;
  let at = 0;
  for (const line of file.text.split("\n")) {
    if ([...line].length > lineCharsMax && !unbreakable(file.path, line)) {
      report(at, `${[...line].length} characters, at most ${lineCharsMax}`);
    }
    at += line.length + 1;
  }
};

/** Addresses, and in SQL the one string that is a column's comment, cannot be broken in two. */
function unbreakable(path: string, line: string): boolean {
  return line.includes("https://") || (path.endsWith(".sql") && / ?comment '/.test(line));
}

const functionTypes = new Set([
  "FunctionDeclaration",
  "FunctionExpression",
  "ArrowFunctionExpression",
]);

const functionLength: Rule = (file, report) => {
  if (file.tree === null) return;
  walk(file.tree, (node, above) => {
    if (!functionTypes.has(node.type) || isSuite(above.at(-1))) return;
    const lines = lineOf(file, node.end) - lineOf(file, node.start) + 1;
    if (lines > functionLinesMax) {
      report(node.start, `function of ${lines} lines, at most ${functionLinesMax}`);
    }
  });
};

/** A `describe(…)` only lists tests; its length says nothing. */
function isSuite(parent: SyntaxNode | undefined): boolean {
  if (parent?.type !== "CallExpression") return false;
  let callee = parent["callee"] as SyntaxNode;
  while (callee.type === "CallExpression" || callee.type === "MemberExpression") {
    callee = callee[callee.type === "CallExpression" ? "callee" : "object"] as SyntaxNode;
  }
  return callee.type === "Identifier" && callee["name"] === "describe";
}

const leftovers: Rule = (file, report) => {
  const lockOrData = file.path.endsWith(".json");
  const found = lockOrData ? null : leftoverWords.exec(file.text);
  if (found) report(found.index, `"${found[0]}" left behind: finish it or file an issue`);
  if (file.tree === null) return;
  walk(file.tree, (node) => {
    if (node.type === "DebuggerStatement") report(node.start, "debugger left behind");
    if (node.type !== "MemberExpression") return;
    const [object, property] = [nameOf(node["object"]), nameOf(node["property"])];
    if (["only", "skip"].includes(property) && testNames.has(object)) {
      report(node.start, `${object}.${property} left behind`);
    }
    if (object === "console" && !isTesting(file.path) && !file.path.startsWith("bench/")) {
      report(node.start, `console.${property} left behind: log through the Logger port`);
    }
  });
};

const testNames = new Set(["test", "it", "describe", "suite", "bench", "scenario"]);
const vagueNames = new Set(["utils", "util", "helpers", "misc", "common", "index"]);

const names: Rule = (file, report) => {
  const name = (file.path.split("/").at(-1) ?? "").replace(/\.[a-z.]+$/, "");
  if (!/\.(ts|mjs|js|sql)$/.test(file.path)) return;
  if (vagueNames.has(name)) report(0, `"${name}" says nothing: name the concept it holds`);
  if (!/^[a-z0-9]+([-_][a-z0-9]+)*$/.test(name)) report(0, `"${name}" is not kebab-case`);
};

const barrels: Rule = (file, report) => {
  const body = (file.tree?.["body"] ?? []) as SyntaxNode[];
  if (body.length === 0) return;
  const reExports = body.filter((node) => /^Export/.test(node.type) && node["source"]);
  if (reExports.length === body.length) {
    report(0, "a barrel: only re-exports; import from where things are");
  }
};

const types: Rule = (file, report) => {
  if (file.tree === null || isTest(file.path)) return;
  walk(file.tree, (node) => {
    if (node.type === "TSAnyKeyword") report(node.start, "any: say what it is, or unknown");
  });
  const silenced = /@ts-(ignore|nocheck|expect-error)/.exec(file.text);
  if (silenced && !file.path.startsWith("testing/tidy/")) {
    report(silenced.index, `${silenced[0]}: the compiler is right until shown wrong`);
  }
};

/** Globals whose value depends on when, where or in what order code runs. */
const impureGlobals = new Set([
  ...["process", "console", "globalThis", "performance", "crypto", "fetch", "Buffer"],
  ...["setTimeout", "setInterval", "setImmediate", "queueMicrotask", "Promise"],
  ...["structuredClone", "require", "WeakRef", "FinalizationRegistry", "Intl"],
]);
const localeMethods = /^(toLocale\w*|localeCompare)$/;

const purity: Rule = (file, report) => {
  if (file.tree === null || !file.path.startsWith("actors/") || isTest(file.path)) return;
  walk(file.tree, (node, above) => {
    if (functionTypes.has(node.type) && node["async"]) report(node.start, "async in an actor");
    if (node.type === "AwaitExpression") report(node.start, "await in an actor");
    if (node.type === "ImportExpression") report(node.start, "import() in an actor");
    if (node.type === "MemberExpression") {
      const property = nameOf(node["property"]);
      if (nameOf(node["object"]) === "Math" && property === "random") {
        report(node.start, "Math.random in an actor: the same input must give the same output");
      }
      if (localeMethods.test(property)) {
        report(node.start, `${property} in an actor: depends on the machine's locale`);
      }
    }
    if (node.type !== "Identifier") return;
    const name = nameOf(node);
    if (impureGlobals.has(name) && isReference(node, above.at(-1))) {
      report(node.start, `${name} in an actor`);
    }
    if (name === "Date" && readsClock(node, above.at(-1))) {
      report(node.start, "the clock in an actor: time comes with the record (I5)");
    }
  });
};

/** `new Date(ms)`, Date.UTC and Date.parse only convert; anything else may read the clock. */
function readsClock(node: SyntaxNode, parent: SyntaxNode | undefined): boolean {
  if (parent === undefined || parent.type.startsWith("TS")) return false;
  if (parent.type === "NewExpression" && parent["callee"] === node) {
    return (parent["arguments"] as SyntaxNode[]).length === 0;
  }
  if (parent.type === "MemberExpression" && parent["object"] === node) {
    return !["UTC", "parse"].includes(nameOf(parent["property"]));
  }
  return isReference(node, parent);
}

/** Whether the identifier stands for a variable, and not for a field or a key of that name. */
function isReference(node: SyntaxNode, parent: SyntaxNode | undefined): boolean {
  if (parent === undefined || parent.type.startsWith("TS")) return false;
  if (parent.type === "MemberExpression") {
    return parent["object"] === node || parent["computed"] === true;
  }
  const named = ["Property", "PropertyDefinition", "MethodDefinition"].includes(parent.type);
  return !(named && parent["key"] === node && parent["shorthand"] !== true);
}

function nameOf(node: unknown): string {
  const named = node as { type?: string; name?: unknown } | null;
  return named?.type === "Identifier" && typeof named.name === "string" ? named.name : "";
}

function countLines(text: string): number {
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}

const rules: Record<string, Rule> = {
  "file length": fileLength,
  "line length": lineLength,
  "function length": functionLength,
  leftovers,
  names,
  barrels,
  types,
  purity,
};

export function checkFile(file: SourceFile): Finding[] {
  const findings: Finding[] = [];
  for (const [rule, check] of Object.entries(rules)) {
    check(file, (at, message) => {
      const line = lineOf(file, at);
      findings.push({ rule, path: file.path, line, message, kind: "error" });
    });
  }
  const lines = countLines(file.text);
  if (isCode(file.path) && lines > fileLinesWarn && lines <= fileLinesMax) {
    const message = `${lines} lines, better at most ${fileLinesWarn}`;
    findings.push({ rule: "file length", path: file.path, line: 1, message, kind: "warning" });
  }
  return findings;
}
