/**
 * Label matchers of routing rules. Regular expressions are anchored at both ends, as in
 * Alertmanager. Rules are compiled once per configuration, not once per alert.
 */
import { assertNever } from "./assert-never.ts";
import { translateGoRegexp } from "./go-regexp.ts";
import type { Matcher } from "./types.ts";

/** An absent label reads as "". */
export type LabelLookup = (label: string) => string;

export type CompiledMatcher = (lookup: LabelLookup) => boolean;

/**
 * Holds when every matcher holds; an empty list always holds. Loading a configuration refuses
 * invalid expressions; one that gets here all the same never holds, not even with "!~".
 */
export function compileMatchers(matchers: Matcher[]): CompiledMatcher {
  const compiled = matchers.map(compileMatcher);
  return (lookup) => compiled.every((holds) => holds(lookup));
}

function compileMatcher(matcher: Matcher): CompiledMatcher {
  const { label, op, value } = matcher;
  switch (op) {
    case "=":
      return (lookup) => lookup(label) === value;
    case "!=":
      return (lookup) => lookup(label) !== value;
    case "=~":
    case "!~": {
      const pattern = anchored(value);
      if (pattern === null) return () => false;
      const wanted = op === "=~";
      return (lookup) => pattern.test(lookup(label)) === wanted;
    }
    default:
      return assertNever(op);
  }
}

/** Go's dialect first, as Alertmanager's users write it; JavaScript's own where Go refuses. */
function anchored(source: string): RegExp | null {
  const translated = translateGoRegexp(source);
  if (translated.kind === "ok") return new RegExp(`^(?:${translated.source})$`, "u");
  try {
    // Alone first: "a)(b" must not become valid by the parentheses put around it.
    new RegExp(source);
    return new RegExp(`^(?:${source})$`);
  } catch {
    return null;
  }
}
