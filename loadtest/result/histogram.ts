/**
 * Latencies as counts in buckets that grow by 2 %: bounded memory whatever the run's length, and
 * two histograms add up to that of both, which percentiles do not.
 */
const smallestMs = 0.01;
const growth = 1.02;
const logGrowth = Math.log(growth);
/** Up to 10 minutes; what takes longer counts in the last bucket. */
const buckets = Math.ceil(Math.log(600_000 / smallestMs) / logGrowth) + 1;

/** As it goes between processes. */
export type HistogramData = { counts: Uint32Array; maxMs: number };

export class Histogram {
  readonly #counts = new Uint32Array(buckets);
  #count = 0;
  #maxMs = 0;

  get count(): number {
    return this.#count;
  }

  /** Exact, unlike `at`. */
  get maxMs(): number {
    return this.#maxMs;
  }

  add(ms: number): void {
    const bucket = ms <= smallestMs ? 0 : Math.ceil(Math.log(ms / smallestMs) / logGrowth);
    const at = Math.min(bucket, buckets - 1);
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#count += 1;
    if (ms > this.#maxMs) this.#maxMs = ms;
  }

  merge(other: Histogram | HistogramData): void {
    const { counts, maxMs } = other instanceof Histogram ? other.data() : other;
    for (let at = 0; at < buckets; at++) {
      const more = counts[at] ?? 0;
      if (more === 0) continue;
      this.#counts[at] = (this.#counts[at] ?? 0) + more;
      this.#count += more;
    }
    this.#maxMs = Math.max(this.#maxMs, maxMs);
  }

  /** The latency that this share of the requests did not exceed, at most 2 % too high; 0: none. */
  at(share: number): number {
    const wanted = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    for (let at = 0; at < buckets && this.#count > 0; at++) {
      seen += this.#counts[at] ?? 0;
      if (seen >= wanted) return Math.min(smallestMs * growth ** at, this.#maxMs);
    }
    return 0;
  }

  data(): HistogramData {
    return { counts: this.#counts, maxMs: this.#maxMs };
  }
}
