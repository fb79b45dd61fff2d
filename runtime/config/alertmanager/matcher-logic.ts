/**
 * What lists of matchers say about each other: whether one can hold at all, and whether one holds
 * wherever another does. Never wrong, but not complete: of regular expressions only those that
 * list words, `a|b|c`, are understood; all others are merely tried on such words.
 */
import { compileMatchers, type CompiledMatcher } from "../../../actors/incident/matchers.ts";
import type { Matcher } from "../../../actors/incident/types.ts";

const wordsMax = 1_000;
const anything = new Set([".*", "^.*$", "(.*)", "^(.*)$", "^.*", ".*$"]);
const compiled = new WeakMap<Matcher, CompiledMatcher>();

/** Two matchers that no label set satisfies both, e.g. a="x" and a="y". */
export function contradiction(matchers: Matcher[]): [Matcher, Matcher] | null {
  for (const [i, first] of matchers.entries()) {
    for (const second of matchers.slice(i + 1)) {
      if (first.label === second.label && exclude(first, second)) return [first, second];
    }
  }
  return null;
}

/** Whether `weaker` holds for each label set for which `stronger` does. */
export function implies(stronger: Matcher[], weaker: Matcher[]): boolean {
  return weaker.every(
    (each) =>
      holdsAlways(each)
      || stronger.some((other) => other.label === each.label && impliesOne(other, each)),
  );
}

/** For every label set, also for those without the label. */
export function holdsAlways({ op, value }: Matcher): boolean {
  return op === "=~" && anything.has(written(value));
}

/** The only values with which a matcher holds; null: they cannot be listed. */
export function wordsOf({ op, value }: Matcher): string[] | null {
  if (op === "=") return [value];
  if (op !== "=~") return null;
  const bare = written(value).replace(/^\^/, "").replace(/\$$/, "");
  const inner = /^\((?:\?:)?([^()]*)\)$/.exec(bare)?.[1] ?? bare;
  if (/[\\.+*?()[\]{}^$]/.test(inner)) return null;
  const words = inner.split("|");
  return words.length > wordsMax ? null : words;
}

/** The expression without what reading the older maps puts around it. */
function written(value: string): string {
  return /^\^\(\?:(.*)\)\$$/s.exec(value)?.[1] ?? value;
}

export function matcherText({ label, op, value }: Matcher): string {
  return `${label}${op}${JSON.stringify(value)}`;
}

function impliesOne(stronger: Matcher, weaker: Matcher): boolean {
  if (stronger.op === weaker.op && stronger.value === weaker.value) return true;
  return wordsOf(stronger)?.every((word) => holds(weaker, word)) ?? false;
}

function exclude(a: Matcher, b: Matcher): boolean {
  const opposite = { "=": "!=", "!=": "=", "=~": "!~", "!~": "=~" }[a.op];
  if (a.value === b.value && b.op === opposite) return true;
  const noWordHolds = (words: string[] | null, other: Matcher): boolean =>
    words?.every((word) => !holds(other, word)) ?? false;
  return noWordHolds(wordsOf(a), b) || noWordHolds(wordsOf(b), a);
}

function holds(matcher: Matcher, value: string): boolean {
  let test = compiled.get(matcher);
  if (test === undefined) {
    test = compileMatchers([matcher]);
    compiled.set(matcher, test);
  }
  return test(() => value);
}
