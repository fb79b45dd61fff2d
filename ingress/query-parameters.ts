/**
 * The parameters that lists have in common, read strictly: a misspelt parameter that is silently
 * ignored would show a list that is not the one that was asked for.
 */
import { nearestWord } from "../runtime/config/nearest-word.ts";
import { type Fault, shown } from "./incident-refusals.ts";

/** @param known which may be repeated, and which may be given once. */
export function refuseUnknown(
  params: URLSearchParams,
  known: { lists: readonly string[]; singles: readonly string[] },
  faults: Fault[],
): void {
  const { lists, singles } = known;
  const all = [...lists, ...singles];
  for (const name of new Set(params.keys())) {
    if (!all.includes(name)) {
      const near = nearestWord(name, all);
      const expected = near === null ? `one of ${all.join(", ")}` : `did you mean "${near}"?`;
      faults.push({ name, value: shown(params.get(name)), expected });
    } else if (singles.includes(name) && params.getAll(name).length > 1) {
      faults.push({ name, value: shown(params.getAll(name)), expected: "to be given once" });
    }
  }
}

/** `limit`: from 1 to `max`. */
export function readLimit(
  params: URLSearchParams,
  limits: { default: number; max: number },
  faults: Fault[],
): number {
  const text = params.get("limit");
  if (text === null) return limits.default;
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= limits.max) return limit;
  const expected = `a number from 1 to ${limits.max}`;
  faults.push({ name: "limit", value: shown(text), expected });
  return limits.default;
}
