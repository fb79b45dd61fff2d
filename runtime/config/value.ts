/**
 * A place in a YAML document, present or absent, and how to read a setting from it. What does
 * not fit is recorded as a problem with its position, and the default stands in, so that one
 * reading finds every problem of a file.
 */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Document,
  type LineCounter,
  type Node,
  type Pair,
} from "yaml";
import { nearestWord } from "./nearest-word.ts";
import type { Problem } from "./problems.ts";
import { formatDuration, formatSize, parseDuration, parseSize } from "./units.ts";

/** Aliases can make a small file a huge tree; reading stops here. */
const placesMax = 100_000;
const shownCharsMax = 60;

export type Reading = {
  file: string;
  document: Document;
  lines: LineCounter;
  problems: Problem[];
  places: number;
};

type Range<T> = { default: T; min: number; max: number };

export class ConfigValue {
  readonly path: string;
  readonly #reading: Reading;
  readonly #node: Node | null;
  /** Where a problem is shown when the value itself is absent. */
  readonly #owner: Node | null;

  constructor(reading: Reading, node: unknown, path: string, owner: Node | null) {
    this.#reading = reading;
    this.path = path;
    this.#owner = owner;
    const resolved = isAlias(node) ? node.resolve(reading.document) : node;
    this.#node = (resolved ?? null) as Node | null;
    reading.places++;
    if (reading.places === placesMax) this.problem(`more than ${placesMax} values in one file`);
    if (reading.places >= placesMax) this.#node = null;
  }

  /** False for `key:` without a value, too. */
  get present(): boolean {
    return this.#node !== null && !(isScalar(this.#node) && this.#node.value === null);
  }

  is(word: string): boolean {
    return this.#scalar() === word;
  }

  problem(message: string): void {
    const at = this.#node ?? this.#owner;
    const offset = at?.range?.[0] ?? 0;
    const { line, col } = this.#reading.lines.linePos(offset);
    const { file, problems } = this.#reading;
    problems.push({ file, line, column: col, path: this.path, message });
  }

  expected(what: string): void {
    this.problem(`got ${this.#shown()}, expected ${what}`);
  }

  text(fallback: string | null = null): string {
    const value = this.#scalar();
    if (typeof value === "string" && value !== "") return value;
    if (this.present || fallback === null) this.expected("a text");
    return fallback ?? "";
  }

  /** A text, or null when the setting is absent. */
  optionalText(): string | null {
    return this.present ? this.text() : null;
  }

  flag(fallback: boolean): boolean {
    const value = this.#scalar();
    if (typeof value === "boolean") return value;
    if (this.present) this.expected("true or false");
    return fallback;
  }

  integer(range: Range<number>): number {
    if (!this.present) return range.default;
    const value = this.#scalar();
    if (Number.isInteger(value) && inRange(value as number, range)) return value as number;
    this.expected(`a whole number from ${range.min} to ${range.max}`);
    return range.default;
  }

  choice<T extends string>(choices: readonly T[], fallback: T): T {
    if (!this.present) return fallback;
    const value = this.#scalar();
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    this.expected(`one of ${choices.join(", ")}${hint(String(value), choices)}`);
    return fallback;
  }

  /** In ms. */
  duration(range: Range<number>): number {
    if (!this.present) return range.default;
    const ms = parseDuration(String(this.#scalar()));
    if (ms !== null && inRange(ms, range)) return ms;
    const [min, max] = [formatDuration(range.min), formatDuration(range.max)];
    this.expected(`a duration from ${min} to ${max}, such as 30s, 5m or 1h30m`);
    return range.default;
  }

  /** In bytes. */
  size(range: Range<number>): number {
    if (!this.present) return range.default;
    const bytes = parseSize(String(this.#scalar()));
    if (bytes !== null && inRange(bytes, range)) return bytes;
    const [min, max] = [formatSize(range.min), formatSize(range.max)];
    this.expected(`a size from ${min} to ${max}, such as 512KiB or 16MiB`);
    return range.default;
  }

  /** The items of a list; none when it is absent. */
  list(lengthMax: number): ConfigValue[] {
    if (!this.present) return [];
    if (!isSeq(this.#node)) {
      this.expected("a list");
      return [];
    }
    const { items } = this.#node;
    if (items.length > lengthMax) {
      this.problem(`got ${items.length} entries, expected at most ${lengthMax}`);
    }
    const owner = this.#node;
    return items
      .slice(0, lengthMax)
      .map((item, i) => new ConfigValue(this.#reading, item, `${this.path}[${i}]`, owner));
  }

  isList(): boolean {
    return isSeq(this.#node);
  }

  /** A map whose keys are known; an unknown key is a problem. */
  section(keys: readonly string[]): (key: string) => ConfigValue {
    const found = new Map<string, ConfigValue>();
    for (const [key, value, keyNode] of this.#pairs()) {
      if (keys.includes(key)) found.set(key, value);
      else {
        new ConfigValue(this.#reading, keyNode, this.#pathOf(key), this.#node).problem(
          `unknown setting, expected one of ${keys.join(", ")}${hint(key, keys)}`,
        );
      }
    }
    return (key) =>
      found.get(key) ?? new ConfigValue(this.#reading, null, this.#pathOf(key), this.#position());
  }

  /** A map with keys of the user's own. */
  entries(countMax: number): [string, ConfigValue][] {
    const pairs = this.#pairs();
    if (pairs.length > countMax) {
      this.problem(`got ${pairs.length} entries, expected at most ${countMax}`);
    }
    return pairs.slice(0, countMax).map(([key, value]) => [key, value]);
  }

  #pairs(): [string, ConfigValue, Node | null][] {
    if (!this.present) return [];
    if (!isMap(this.#node)) {
      this.expected("a map of settings");
      return [];
    }
    return (this.#node.items as Pair<Node, Node | null>[]).map((pair) => {
      const key = isScalar(pair.key) ? String(pair.key.value) : "(not a text)";
      const value = new ConfigValue(this.#reading, pair.value, this.#pathOf(key), pair.key);
      return [key, value, pair.key];
    });
  }

  #pathOf(key: string): string {
    return this.path === "" ? key : `${this.path}.${key}`;
  }

  #position(): Node | null {
    return this.#node ?? this.#owner;
  }

  #scalar(): unknown {
    return isScalar(this.#node) ? this.#node.value : undefined;
  }

  #shown(): string {
    if (!this.present) return "nothing";
    if (isMap(this.#node)) return "a map";
    if (isSeq(this.#node)) return "a list";
    const text = JSON.stringify(this.#scalar()) ?? "something else";
    return text.length <= shownCharsMax ? text : `${text.slice(0, shownCharsMax)}…`;
  }
}

function inRange(value: number, range: { min: number; max: number }): boolean {
  return value >= range.min && value <= range.max;
}

/** "; did you mean X?" where a known word is near, else "". */
export function hint(typed: string, words: readonly string[]): string {
  const near = nearestWord(typed, words);
  return near === null ? "" : `; did you mean ${near}?`;
}
