/**
 * Co-occurrence: alerts of one tenant and environment that share a service (or a model, …) and
 * begin within one window of each other are taken for one trouble.
 *
 * C1 An incident is found by its own labels (those of its first alert), not by the labels of
 *    all that joined it: relations do not chain from service to service.
 * C2 Among several, the oldest incident is chosen; then the earliest of the configured labels.
 * C3 The cost of a search does not grow with the number of open incidents: each label value has
 *    its own bucket, and entries that fell out of the window leave it when they are met.
 */
import { labelOf } from "../incident/identity.ts";
import { durationText, quoted } from "../incident/duration.ts";
import { ScopedIndex } from "../incident/scoped-index.ts";
import type { Candidate, CorrelationRule, Related, Sighting } from "./rule.ts";

export class CoOccurrence<C extends Candidate> implements CorrelationRule<C> {
  #windowMs: number;
  #labels: string[];
  /** (tenant, environment, label) and value -> incidents, oldest first. */
  #buckets = new ScopedIndex<C | C[]>();

  constructor(config: { windowMs: number; labels: string[] }) {
    this.#windowMs = config.windowMs;
    this.#labels = config.labels;
  }

  add(candidate: C): void {
    for (const label of this.#labels) {
      const value = labelOf(candidate.labels, label);
      if (value === "") continue;
      const scope = scopeOf(candidate, label);
      const bucket = this.#buckets.get(scope, value);
      // Most values have one incident: an array for each of those would be the larger part.
      if (bucket === undefined) this.#buckets.set(scope, value, candidate);
      else if (Array.isArray(bucket)) insertBySerial(bucket, candidate);
      else if (bucket !== candidate) {
        const pair = [bucket];
        insertBySerial(pair, candidate);
        this.#buckets.set(scope, value, pair);
      }
    }
  }

  remove(candidate: C): void {
    for (const label of this.#labels) {
      const value = labelOf(candidate.labels, label);
      if (value === "") continue;
      const scope = scopeOf(candidate, label);
      const bucket = this.#buckets.get(scope, value);
      if (Array.isArray(bucket)) {
        const place = placeOf(bucket, candidate.serial);
        if (bucket[place] === candidate) bucket.splice(place, 1);
        if (bucket.length === 0) this.#buckets.delete(scope, value);
      } else if (bucket === candidate) this.#buckets.delete(scope, value);
    }
  }

  find(sighting: Sighting): Related<C> | null {
    let best: C | null = null;
    let bestLabel = "";
    for (const label of this.#labels) {
      const value = labelOf(sighting.labels, label);
      if (value === "") continue;
      const found = this.#oldestInWindow(scopeOf(sighting, label), value, sighting.atMs);
      if (found === null || (best !== null && found.serial >= best.serial)) continue;
      best = found;
      bestLabel = label;
    }
    if (best === null) return null;
    const value = quoted(labelOf(sighting.labels, bestLabel));
    const window = durationText(this.#windowMs);
    const because = `same ${bestLabel} ${value} within ${window} of ${best.id}`;
    return { candidate: best, because };
  }

  #oldestInWindow(scope: string, value: string, atMs: number): C | null {
    const bucket = this.#buckets.get(scope, value);
    if (bucket === undefined) return null;
    const sinceMs = atMs - this.#windowMs;
    if (!Array.isArray(bucket)) {
      if (bucket.lastOpenedMs >= sinceMs) return bucket;
      this.#buckets.delete(scope, value);
      return null;
    }
    // Time only moves on: what is too old now stays so until `add` brings it back.
    let tooOld = 0;
    while (tooOld < bucket.length && (bucket[tooOld]?.lastOpenedMs ?? 0) < sinceMs) tooOld += 1;
    if (tooOld > 0) bucket.splice(0, tooOld);
    if (bucket.length === 0) this.#buckets.delete(scope, value);
    return bucket[0] ?? null;
  }
}

function scopeOf(of: { tenant: string; environment: string }, label: string): string {
  return `${of.tenant}\u0000${of.environment}\u0000${label}`;
}

function insertBySerial<C extends Candidate>(bucket: C[], candidate: C): void {
  const place = placeOf(bucket, candidate.serial);
  if (bucket[place] !== candidate) bucket.splice(place, 0, candidate);
}

/** Index of the first entry whose serial is not below `serial`. */
function placeOf(bucket: Candidate[], serial: number): number {
  let low = 0;
  let high = bucket.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((bucket[middle]?.serial ?? 0) < serial) low = middle + 1;
    else high = middle;
  }
  return low;
}
