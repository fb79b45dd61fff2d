/**
 * A place in a YAML document, present or absent, and how to read a setting from it. What does
 * not fit is recorded as a problem with its position, and the default stands in, so that one
 * reading finds every problem of a file.
 */
import { isMap, isScalar, isSeq, type Node, type Pair } from "yaml";
import { nearestWord } from "./nearest-word.ts";
import type { Reading } from "./reading.ts";
import { formatDuration, formatSize, parseDuration, parseSize } from "./units.ts";

const shownCharsMax = 60;

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
    this.#node = reading.resolved(node);
    if (this.#node !== null) reading.count();
  }

  /** False for `key:` without a value, too. */
  get present(): boolean {
    return this.#node !== null && !(isScalar(this.#node) && this.#node.value === null);
  }

  /** True for `key:` without a value, too. */
  get given(): boolean {
    return this.#node !== null;
  }

  is(word: string): boolean {
    return this.#scalar() === word;
  }

  problem(message: string): void {
    this.#reading.problem({ ...this.position(), path: this.path, message });
  }

  /** What is taken over and yet will surprise. */
  warn(message: string): void {
    this.#reading.warn({ ...this.position(), path: this.path, message });
  }

  position(): { file: string; line: number; column: number } {
    return this.#reading.position(this.#place());
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

  /**
   * A single value just as it is written, a number or a truth value too; "" when it is empty
   * or null, and the fallback only where the key is absent.
   */
  scalarText(fallback: string): string {
    if (this.#node === null) return fallback;
    if (isScalar(this.#node)) {
      const { value, source } = this.#node;
      return value === null ? "" : (source ?? String(value));
    }
    this.expected("a text");
    return fallback;
  }

  /** As `scalarText`; from now on neither problems nor the shown configuration hold the value. */
  secretText(): string {
    if (this.#node !== null) this.#reading.secrets.add(this.#node);
    return this.scalarText("");
  }

  /** Whatever is there, as plain data; what YAML takes for a date stays a text. */
  plain(): unknown {
    if (!this.present) return null;
    if (isMap(this.#node)) {
      return Object.fromEntries(this.#pairs().map(([key, value]) => [key, value.plain()]));
    }
    if (isSeq(this.#node)) return this.list(Infinity).map((item) => item.plain());
    const value = this.#scalar();
    return ["string", "number", "boolean"].includes(typeof value) ? value : this.scalarText("");
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

  /** Any finite number. */
  number(fallback: number): number {
    const value = this.#scalar();
    if (typeof value === "number" && Number.isFinite(value)) return value;
    this.expected("a number");
    return fallback;
  }

  /** A number from `min` to `max`, required. */
  numberWithin(range: { min: number; max: number }): number {
    const value = this.#scalar();
    if (typeof value === "number" && inRange(value, range)) return value;
    this.expected(`a number from ${range.min} to ${range.max}`);
    return range.min;
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
      this.#expectedShape("a list");
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

  isMap(): boolean {
    return isMap(this.#node);
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
      found.get(key) ?? new ConfigValue(this.#reading, null, this.#pathOf(key), this.#place());
  }

  /** What stands under one key of a map whose keys somebody else reads and checks. */
  child(key: string): ConfigValue {
    const pair = this.isMap() ? this.#pairs().find(([name]) => name === key) : undefined;
    return pair?.[1] ?? new ConfigValue(this.#reading, null, this.#pathOf(key), this.#place());
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
      this.#expectedShape("a map of settings");
      return [];
    }
    const pairs: [string, ConfigValue, Node | null][] = [];
    const merged: [string, ConfigValue, Node | null][] = [];
    for (const pair of this.#node.items as Pair<Node, Node | null>[]) {
      const key = keyText(pair.key);
      const value = new ConfigValue(this.#reading, pair.value, this.#pathOf(key), pair.key);
      if (key === "<<") merged.push(...value.#mergedPairs(this.path));
      else pairs.push([key, value, pair.key]);
    }
    // A key of its own wins over a merged one, and an earlier merged one over a later.
    const taken = new Set(pairs.map(([key]) => key));
    for (const pair of merged) {
      if (!taken.has(pair[0])) pairs.push(pair);
      taken.add(pair[0]);
    }
    return pairs;
  }

  /** The pairs of the map, or of the list of maps, behind a merge key `<<`. */
  #mergedPairs(path: string): [string, ConfigValue, Node | null][] {
    const maps = isSeq(this.#node) ? this.#node.items : [this.#node];
    return maps.flatMap((map) => new ConfigValue(this.#reading, map, path, this.#owner).#pairs());
  }

  #pathOf(key: string): string {
    return this.path === "" ? key : `${this.path}.${key}`;
  }

  #place(): Node | null {
    return this.#node ?? this.#owner;
  }

  #scalar(): unknown {
    return isScalar(this.#node) ? this.#node.value : undefined;
  }

  /** Where settings of a login belong, a single value may be the password. */
  #expectedShape(what: string): void {
    const isHidden = isScalar(this.#node) && this.#reading.mayHoldSecrets(this.path);
    const found = isHidden ? "a single value" : this.#shown();
    this.problem(`got ${found}, expected ${what}`);
  }

  #shown(): string {
    if (!this.present) return "nothing";
    if (isMap(this.#node)) return "a map";
    if (isSeq(this.#node)) return "a list";
    if (this.#node !== null && this.#reading.secrets.has(this.#node)) return "a secret";
    const value = this.#scalar();
    const source = isScalar(this.#node) && typeof value !== "string" ? this.#node.source : null;
    const text = source ?? JSON.stringify(value) ?? "something else";
    return text.length <= shownCharsMax ? text : `${text.slice(0, shownCharsMax)}…`;
  }
}

function keyText(key: Node): string {
  return isScalar(key) ? (key.source ?? String(key.value)) : "(not a text)";
}

function inRange(value: number, range: { min: number; max: number }): boolean {
  return value >= range.min && value <= range.max;
}

/** "; did you mean X?" where a known word is near, else "". */
export function hint(typed: string, words: readonly string[]): string {
  const near = nearestWord(typed, words);
  return near === null ? "" : `; did you mean ${near}?`;
}
