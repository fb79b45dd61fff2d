/**
 * Label matchers of routing rules. Regular expressions are anchored at both ends, as in
 * Alertmanager. Rules are compiled once per configuration, not once per alert.
 */
import { assertNever } from "./assert-never.ts";
import { type GoRegexp, translateGoRegexp } from "./go-regexp.ts";
import type { Matcher } from "./types.ts";

/** An absent label reads as "". */
export type LabelLookup = (label: string) => string;

export type CompiledMatcher = (lookup: LabelLookup) => boolean;

/**
 * "bounded": expressions of whoever may ask, which must not keep a thread busy. They run without
 * the flag "u", so that the engine can go over to its linear one (runtime/linear-regexps.ts); "."
 * then takes half of a character beyond U+FFFF.
 */
export type Trust = "configured" | "bounded";

/**
 * Holds when every matcher holds; an empty list always holds. Loading a configuration refuses
 * invalid expressions; one that gets here all the same never holds, not even with "!~".
 */
export function compileMatchers(
  matchers: readonly Matcher[],
  trust: Trust = "configured",
): CompiledMatcher {
  const compiled = matchers.map((matcher) => compileMatcher(matcher, trust));
  return (lookup) => compiled.every((holds) => holds(lookup));
}

/** The anchored expression for `new RegExp` without flags, or why there is none. */
export function boundedSource(text: string): GoRegexp {
  const part = boundedPart(text);
  return part.kind === "error" ? part : { kind: "ok", source: `^(?:${part.source})$` };
}

/** As `boundedSource`, not anchored. */
export function boundedPart(text: string): GoRegexp {
  const translated = translateGoRegexp(text);
  if (translated.kind === "error") return translated;
  const source = translated.source.replaceAll("\\u{10ffff}", "\\uffff");
  if (/\\(?:u|p|P)\{/.test(source)) {
    return { kind: "error", message: "classes as \\p{…} and characters beyond U+FFFF" };
  }
  return { kind: "ok", source };
}

function compileMatcher(matcher: Matcher, trust: Trust): CompiledMatcher {
  const { label, op, value } = matcher;
  switch (op) {
    case "=":
      return (lookup) => lookup(label) === value;
    case "!=":
      return (lookup) => lookup(label) !== value;
    case "=~":
    case "!~": {
      const pattern = anchored(value, trust);
      if (pattern === null) return () => false;
      const wanted = op === "=~";
      return (lookup) => pattern.test(lookup(label)) === wanted;
    }
    default:
      return assertNever(op);
  }
}

/** Go's dialect first, as Alertmanager's users write it; JavaScript's own where Go refuses. */
function anchored(source: string, trust: Trust): RegExp | null {
  if (trust === "bounded") {
    const bounded = boundedSource(source);
    return bounded.kind === "ok" ? new RegExp(bounded.source) : null;
  }
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
