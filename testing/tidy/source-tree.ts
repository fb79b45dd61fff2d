/** The repository's own files, read and parsed once, as the tidy rules see them. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { parseAst } from "vitest/node";

/** A node of the syntax tree (ESTree with TypeScript's additions), kept loose on purpose. */
export type SyntaxNode = { type: string; start: number; end: number; [key: string]: unknown };

export type SourceFile = {
  /** Relative to the root, with "/" between folders. */
  path: string;
  text: string;
  /** Null for files that are not TypeScript. */
  tree: SyntaxNode | null;
};

const skippedFolders = new Set(["node_modules", "dist", "coverage"]);
const readEndings = [".ts", ".js", ".mjs", ".sql", ".yaml", ".yml", ".json"];

/** @throws when a TypeScript file does not parse. */
export function sourceFile(path: string, text: string): SourceFile {
  if (!path.endsWith(".ts")) return { path, text, tree: null };
  try {
    return { path, text, tree: parseAst(text, { lang: "ts" }) as unknown as SyntaxNode };
  } catch (error) {
    throw new Error(`${path} does not parse`, { cause: error });
  }
}

/** Hidden folders (.git, .tocsin) and installed packages are not the project's own. */
export function sourceTree(root: string): SourceFile[] {
  const files: SourceFile[] = [];
  for (const entry of readdirSync(root, { recursive: false, withFileTypes: true })) {
    if (!entry.name.startsWith(".") && !skippedFolders.has(entry.name)) {
      collect(root, join(root, entry.name), entry.isDirectory(), files);
    }
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function collect(root: string, path: string, isFolder: boolean, files: SourceFile[]): void {
  if (!isFolder) {
    if (!readEndings.some((ending) => path.endsWith(ending))) return;
    const name = relative(root, path).split(sep).join("/");
    files.push(sourceFile(name, readFileSync(path, "utf8")));
    return;
  }
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.name.startsWith(".") || skippedFolders.has(entry.name)) continue;
    collect(root, join(path, entry.name), entry.isDirectory(), files);
  }
}

/** Visits the tree depth first; `enter` gets the node and the nodes above it, nearest last. */
export function walk(
  tree: SyntaxNode,
  enter: (node: SyntaxNode, above: readonly SyntaxNode[]) => void,
): void {
  const above: SyntaxNode[] = [];
  const visit = (node: SyntaxNode): void => {
    enter(node, above);
    above.push(node);
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? value : [value]) {
        if (isNode(child)) visit(child);
      }
    }
    above.pop();
  };
  visit(tree);
}

export function lineOf(file: SourceFile, offset: number): number {
  let line = 1;
  for (let at = file.text.indexOf("\n"); at !== -1 && at < offset; ) {
    line += 1;
    at = file.text.indexOf("\n", at + 1);
  }
  return line;
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}
