/**
 * One YAML file while it is read: the document, what its aliases mean, and what was found wrong
 * or surprising. Bounds everything that lets a small file ask for much work: how deep it nests,
 * how many values are visited (aliases and merge keys multiply them), how many problems are kept.
 * Past a bound reading ends with a ConfigError, so that whoever reads need not think of it.
 */
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  parseDocument,
  type Alias,
  type Document,
  type Node,
} from "yaml";
import { ConfigError, type Problem } from "./problems.ts";

/** Levels of maps and lists, those behind aliases included. */
const nestingMax = 500;
const problemsMax = 1_000;

export type ReadingOptions = {
  /** Values that may be visited. */
  placesMax: number;
  /** "1.1": yes and no are truth values, as for programs in Go. */
  yamlVersion?: "1.1" | "1.2";
  /** Top-level settings in which a value of an unexpected kind is not shown in problems. */
  secretive?: readonly string[];
  /** The line of the file that the text begins with; 1 where it is all of it. */
  firstLine?: number;
};

export class Reading {
  readonly file: string;
  readonly document: Document;
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];
  /** Values that must never be shown. */
  readonly secrets = new Set<Node>();
  readonly #lines = new LineCounter();
  readonly #targets = new Map<Alias, Node>();
  readonly #placesMax: number;
  readonly #secretive: readonly string[];
  readonly #firstLine: number;
  #places = 0;

  /** @throws ConfigError when it is not YAML, nests too deep, or has an alias without anchor. */
  constructor(file: string, text: string, options: ReadingOptions) {
    this.file = file;
    this.#placesMax = options.placesMax;
    this.#secretive = options.secretive ?? [];
    this.#firstLine = options.firstLine ?? 1;
    if (nestsTooDeep(text)) this.#end(0, tooDeep);
    this.document = parseDocument(text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      version: options.yamlVersion ?? "1.2",
    });
    for (const { pos, message } of this.document.errors) {
      this.#add(this.problems, pos[0], `not valid YAML: ${message}`);
    }
    this.endIfBad();
    this.#measure(this.document.contents, new Map(), new Map(), 0);
    this.endIfBad();
  }

  /** @throws ConfigError with all problems, if there are any. */
  endIfBad(): void {
    if (this.problems.length > 0) throw new ConfigError(this.problems);
  }

  /** What an alias stands for; any other node is itself. */
  resolved(node: unknown): Node | null {
    if (isAlias(node)) return this.#targets.get(node) ?? null;
    return (node ?? null) as Node | null;
  }

  /** Counts one visited value. @throws ConfigError when there are too many. */
  count(): void {
    if (++this.#places > this.#placesMax) {
      this.#end(0, `more than ${this.#placesMax} values in one file, aliases counted each time`);
    }
  }

  mayHoldSecrets(path: string): boolean {
    return this.#secretive.includes(/^\w+/.exec(path)?.[0] ?? "");
  }

  position(node: Node | null): { file: string; line: number; column: number } {
    return this.#positionAt(node?.range?.[0] ?? 0);
  }

  /** @throws ConfigError when there are too many. */
  problem(problem: Problem): void {
    this.problems.push(problem);
    if (this.problems.length >= problemsMax) throw new ConfigError(this.problems);
  }

  warn(warning: Problem): void {
    if (this.warnings.length < problemsMax) this.warnings.push(warning);
    else if (this.warnings.length === problemsMax) {
      this.warnings.push({ ...warning, path: "", message: "more warnings are not shown" });
    }
  }

  /** Finds what aliases mean. @returns how deep `node` nests. */
  #measure(
    node: unknown,
    anchors: Map<string, Node>,
    depths: Map<Node, number>,
    depth: number,
  ): number {
    if (isAlias(node)) return this.#measureAlias(node, anchors, depths, depth);
    if (!isNode(node)) return 0;
    const { anchor } = node as { anchor?: string };
    if (anchor !== undefined) anchors.set(anchor, node);
    let below = 0;
    const descend = (child: unknown): void => {
      below = Math.max(below, 1 + this.#measure(child, anchors, depths, depth + 1));
    };
    if (isSeq(node)) node.items.forEach(descend);
    else if (isMap(node)) {
      for (const { key, value } of node.items) {
        if (!isScalar(key)) descend(key);
        descend(value);
      }
    }
    if (anchor !== undefined) depths.set(node, below);
    return below;
  }

  #measureAlias(
    alias: Alias,
    anchors: Map<string, Node>,
    depths: Map<Node, number>,
    depth: number,
  ): number {
    const target = anchors.get(alias.source);
    const at = alias.range?.[0] ?? 0;
    const name = alias.source;
    if (target === undefined) {
      this.#add(this.problems, at, `the alias *${name} has no anchor &${name} before it`);
      return 0;
    }
    const below = depths.get(target);
    if (below === undefined) this.#end(at, `the anchor &${name} contains itself`);
    this.#targets.set(alias, target);
    if (depth + below > nestingMax) this.#end(at, tooDeep);
    return below;
  }

  #positionAt(offset: number): { file: string; line: number; column: number } {
    const { line, col } = this.#lines.linePos(offset);
    const at = Math.max(1, line) + this.#firstLine - 1;
    return { file: this.file, line: at, column: Math.max(1, col) };
  }

  #add(list: Problem[], offset: number, message: string): void {
    list.push({ ...this.#positionAt(offset), path: "", message });
  }

  #end(offset: number, message: string): never {
    this.#add(this.problems, offset, message);
    throw new ConfigError(this.problems);
  }
}

const tooDeep = `nests deeper than ${nestingMax} levels`;

/**
 * The parser calls itself once a level and would take the process down with it. A level of the
 * block style takes a space at the line's beginning, or an indicator anywhere in it.
 */
export function nestsTooDeep(text: string): boolean {
  let flow = 0;
  let block = 0;
  let indenting = true;
  for (const token of new Lexer().lex(text)) {
    if (token === "\n" || token === "\r\n") [block, indenting] = [0, true];
    else if (token === "-" || token === "?") block++;
    else if (indenting && /^ +$/.test(token)) block += token.length;
    // Marks of the lexer's own, such as that a document begins, are no content.
    else if (!/^[\x02\x18\x1f\ufeff]/.test(token)) indenting = false;
    if (token === "[" || token === "{") flow++;
    else if (token === "]" || token === "}") flow = Math.max(0, flow - 1);
    if (flow > nestingMax || block > 2 * nestingMax) return true;
  }
  return false;
}
