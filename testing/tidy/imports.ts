/**
 * Tidy rules about files among each other: which way imports point (design, section 1), which
 * packages are declared, which files nobody needs.
 */
import { posix } from "node:path";
import { isTest, type Finding } from "./rules.ts";
import { lineOf, walk, type SourceFile, type SyntaxNode } from "./source-tree.ts";

type Import = { from: SourceFile; specifier: string; at: number };

const sides = ["streams", "ingress", "channels", "reports", "console"];
/** Pure, and the one place that spells its names: everyone but actors may import them. */
const openFiles = new Set(["streams/subjects.ts", "streams/codec.ts"]);

/** The folders that each layer may import from, itself included. */
const layers: Record<string, string[]> = {
  actors: ["actors"],
  runtime: ["actors", "runtime"],
  ...Object.fromEntries(sides.map((side) => [side, ["actors", "runtime", side]])),
  // The load generator is the benchmarks': so a plan and a benchmark mean the same alerts/s.
  capacity: ["actors", "runtime", "streams", "capacity", "bench"],
  cli: ["actors", "runtime", ...sides, "capacity", "cli"],
  /** main.ts, shard.ts and door.ts, the composition roots. */
  "": ["actors", "runtime", ...sides, "cli", ""],
};

/** They run inside k6, which brings its modules along. */
const k6Scripts = "loadtest/k6/";

const layerOf = (path: string): string => (path.includes("/") ? (path.split("/")[0] ?? "") : "");
/** The configurations of tools are neither. */
const isProduction = (path: string): boolean =>
  layerOf(path) in layers && !isTest(path) && !path.endsWith(".config.ts");

export function checkImports(files: SourceFile[], declaredPackages: Declared): Finding[] {
  const findings: Finding[] = [];
  for (const file of files) {
    for (const each of importsOf(file)) {
      const message = importFault(each, declaredPackages);
      if (message === null) continue;
      const line = lineOf(file, each.at);
      findings.push({ rule: "imports", path: file.path, line, message, kind: "error" });
    }
  }
  return findings;
}

export type Declared = { dependencies: Set<string>; devDependencies: Set<string> };

function importFault(each: Import, declared: Declared): string | null {
  const { specifier, from } = each;
  const layer = layerOf(from.path);
  if (specifier.startsWith("node:")) {
    return layer === "actors" && !isTest(from.path) ? "actors import no node: module" : null;
  }
  if (!specifier.startsWith(".")) {
    const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
    if (layer === "actors" && !isTest(from.path)) return `actors import no package (${name})`;
    if (name === "k6" && from.path.startsWith(k6Scripts)) return null;
    if (declared.dependencies.has(name)) return null;
    if (!isProduction(from.path) && declared.devDependencies.has(name)) return null;
    return `package "${name}" is not declared for this use in package.json`;
  }
  const target = resolve(from.path, specifier);
  if (target.startsWith("..")) return `"${specifier}" leaves the repository`;
  if (!isProduction(from.path)) return null;
  if (isTest(target)) return "production imports a test";
  if (openFiles.has(target) && layer !== "actors") return null;
  const allowed = layers[layer] ?? [];
  if (allowed.includes(layerOf(target))) return null;
  return `${layer || "the root"} may not import ${target}; only ${allowed.join(", ")}`;
}

export function importsOf(file: SourceFile): Import[] {
  const imports: Import[] = [];
  if (file.tree === null) return imports;
  walk(file.tree, (node) => {
    if (!/^(Import|Export)|^TSImportType$/.test(node.type)) return;
    const source = (node["source"] ?? node["argument"]) as SyntaxNode | null | undefined;
    const literal = source?.type === "TSLiteralType" ? source["literal"] : source;
    const specifier = (literal as { value?: unknown } | null | undefined)?.value;
    if (typeof specifier === "string") imports.push({ from: file, specifier, at: node.start });
  });
  return imports;
}

/** Entries are run by name: by npm scripts, by vitest, or as a child or a thread. */
const entries = /^(main|shard|vitest\.config)\.ts$|^(bench|loadtest)\/|\.test\.ts$/;

/**
 * A TypeScript file that nobody imports, and whose name no file mentions, is dead. One that only
 * tests need is worth a warning: production may have lost its use for it.
 */
export function checkDeadFiles(files: SourceFile[]): Finding[] {
  const importers = new Map<string, SourceFile[]>();
  for (const file of files) {
    for (const { specifier } of importsOf(file)) {
      if (!specifier.startsWith(".")) continue;
      const target = resolve(file.path, specifier);
      importers.set(target, [...(importers.get(target) ?? []), file]);
    }
  }
  const findings: Finding[] = [];
  for (const file of files) {
    if (!file.path.endsWith(".ts") || entries.test(file.path)) continue;
    const users = [...(importers.get(file.path) ?? []), ...mentions(file, files)];
    const finding = { rule: "dead files", path: file.path, line: 1 };
    if (users.length === 0) {
      findings.push({ ...finding, message: "nobody imports or starts it", kind: "error" });
    } else if (isProduction(file.path) && !users.some((user) => isProduction(user.path))) {
      findings.push({ ...finding, message: "only tests use it", kind: "warning" });
    }
  }
  return findings;
}

/** Files that name this one in a string, to start it as a program or a thread. */
function mentions(file: SourceFile, files: SourceFile[]): SourceFile[] {
  const name = `/${file.path.split("/").at(-1)}`;
  const started = new RegExp(`["'\`/ ]${escaped(name.slice(1))}["'\` ]`);
  return files.filter((other) => {
    if (other === file || isTest(other.path)) return false;
    const text = other.tree === null ? other.text : withoutImports(other);
    return started.test(text) && !/^package-lock/.test(other.path);
  });
}

function withoutImports(file: SourceFile): string {
  let text = "";
  let at = 0;
  for (const node of (file.tree?.["body"] ?? []) as SyntaxNode[]) {
    if (node["source"]) {
      text += file.text.slice(at, node.start);
      at = node.end;
    }
  }
  const code = text + file.text.slice(at);
  return code.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}

function resolve(fromPath: string, specifier: string): string {
  return posix.normalize(posix.join(posix.dirname(fromPath), specifier));
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
