/**
 * Expressions of whoever may ask: filters and silences. They must not keep a thread busy, so they
 * are taken only if V8 can run them in linear time, and it goes over to its engine that does once
 * one has backtracked too often (`compileMatchers` with "bounded").
 */
import { setFlagsFromString } from "node:v8";
import { boundedPart, boundedSource } from "../actors/incident/matchers.ts";
import type { Matcher } from "../actors/incident/types.ts";

/** For the whole process, its later threads included; call it before any expression is made. */
export function boundBacktracking(): void {
  setFlagsFromString("--enable-experimental-regexp-engine");
  setFlagsFromString("--enable-experimental-regexp-engine-on-excessive-backtracks");
}

/** Why the matcher's expression is not taken; null: it is. `boundBacktracking` must have run. */
export function refusedExpression({ op, value }: Matcher): string | null {
  if (op === "=" || op === "!=") return null;
  const bounded = boundedSource(value);
  if (bounded.kind === "error") return `not taken here: ${bounded.message}`;
  try {
    // The flag l: linear time or a SyntaxError.
    new RegExp(bounded.source, "l");
    return null;
  } catch {
    return "it could take for ever; expected none with (?m) or counts such as {1,100}";
  }
}

export type LinearRegexp = { kind: "ok"; regexp: RegExp } | { kind: "error"; message: string };

/** An expression of Go's that is looked for anywhere, again and again (flag "g"). */
export function compileLinear(text: string): LinearRegexp {
  const bounded = boundedPart(text);
  if (bounded.kind === "error") return bounded;
  boundBacktracking();
  try {
    new RegExp(bounded.source, "l");
  } catch {
    const message = "it could take for ever; expected none with (?m) or counts such as {1,100}";
    return { kind: "error", message };
  }
  return { kind: "ok", regexp: new RegExp(bounded.source, "g") };
}
