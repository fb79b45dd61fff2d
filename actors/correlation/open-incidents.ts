/**
 * Open incidents by what alerts may find them by (a service, the value of a label), oldest first.
 * Those whose last alert began before the window leave a list when they are met; `add` brings
 * them back. A list is cut by position alone, so that a rebuilt one answers as one that grew.
 */
import { ScopedIndex } from "../incident/scoped-index.ts";
import type { Candidate } from "./evidence.ts";

/** Incidents of one service or label value that an alert is held against, the oldest ones. */
const metMax = 16;
/** Incidents that are put in order by insertion, which costs less for a few. */
const fewMax = 16;

export class OpenIncidents<C extends Candidate> {
  readonly #lists = new ScopedIndex<C | C[]>();

  add(scope: string, key: string, candidate: C): void {
    const known = this.#lists.get(scope, key);
    // Most keys have one incident: an array for each of those would be the larger part.
    if (known === undefined) this.#lists.set(scope, key, candidate);
    else if (Array.isArray(known)) insert(known, candidate);
    else if (known !== candidate) {
      const pair = [known];
      insert(pair, candidate);
      this.#lists.set(scope, key, pair);
    }
  }

  remove(scope: string, key: string, candidate: C): void {
    const known = this.#lists.get(scope, key);
    if (Array.isArray(known)) {
      const place = placeOf(known, candidate.serial);
      if (known[place] === candidate) known.splice(place, 1);
      if (known.length === 0) this.#lists.delete(scope, key);
    } else if (known === candidate) this.#lists.delete(scope, key);
  }

  /** Adds those of the key that an alert began in since then. */
  meet(scope: string, key: string, sinceMs: number, into: Set<C>): void {
    this.#meet(scope, key, this.#lists.get(scope, key), sinceMs, into);
  }

  /** As `meet` for each of these keys. */
  meetAll(scope: string, keys: readonly string[], sinceMs: number, into: Set<C>): void {
    const lists = this.#lists.scope(scope);
    if (lists === undefined) return;
    for (const key of keys) {
      const known = lists.get(key);
      if (known !== undefined) this.#meet(scope, key, known, sinceMs, into);
    }
  }

  #meet(
    scope: string,
    key: string,
    known: C | C[] | undefined,
    sinceMs: number,
    into: Set<C>,
  ): void {
    if (known === undefined) return;
    if (!Array.isArray(known)) {
      if (known.lastOpenedMs >= sinceMs) into.add(known);
      else this.#lists.delete(scope, key);
      return;
    }
    // Time only moves on: what is too old now stays so until `add` brings it back.
    let kept = 0;
    let read = 0;
    for (; read < known.length && kept < metMax; read += 1) {
      const candidate = known[read] as C;
      if (candidate.lastOpenedMs < sinceMs) continue;
      into.add(candidate);
      known[kept] = candidate;
      kept += 1;
    }
    if (read > kept) known.splice(kept, read - kept);
    if (known.length === 0) this.#lists.delete(scope, key);
  }
}

function insert<C extends Candidate>(list: C[], candidate: C): void {
  const place = placeOf(list, candidate.serial);
  if (list[place] !== candidate) list.splice(place, 0, candidate);
}

/** Index of the first entry whose serial is not below `serial`. */
function placeOf(list: Candidate[], serial: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle]?.serial ?? 0) < serial) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Oldest first. */
export function bySerial<C extends Candidate>(candidates: Set<C>): C[] {
  const sorted = [...candidates];
  if (sorted.length > fewMax) return sorted.sort((one, next) => one.serial - next.serial);
  for (let at = 1; at < sorted.length; at += 1) {
    const one = sorted[at] as C;
    let place = at;
    for (; place > 0 && (sorted[place - 1] as C).serial > one.serial; place -= 1) {
      sorted[place] = sorted[place - 1] as C;
    }
    sorted[place] = one;
  }
  return sorted;
}
