/**
 * Actors by 64-bit fingerprint, found without building a key: a look-up per received alert must
 * allocate nothing, and neither a string nor a BigInt comes for free.
 *
 * The halves are signed 32-bit integers (the engine keeps those unboxed). The first actor with some
 * upper half stands in `#byHigh`; the rare other ones with the same upper half stand in a map by
 * full key, so that nobody can craft labels that degrade look-ups into searches.
 */
export type Fingerprinted = { readonly high: number; readonly low: number };

export class FingerprintMap<T extends Fingerprinted> {
  readonly #byHigh = new Map<number, T>();
  readonly #others = new Map<string, T>();

  get size(): number {
    return this.#byHigh.size + this.#others.size;
  }

  get(high: number, low: number): T | undefined {
    const item = this.#byHigh.get(high);
    if (item !== undefined && item.low === low) return item;
    return this.#others.size === 0 ? undefined : this.#others.get(fullKey(high, low));
  }

  /** The fingerprint must be absent. */
  add(item: T): void {
    if (this.#byHigh.has(item.high)) this.#others.set(fullKey(item.high, item.low), item);
    else this.#byHigh.set(item.high, item);
  }

  delete(item: T): void {
    if (this.#byHigh.get(item.high) === item) this.#byHigh.delete(item.high);
    else this.#others.delete(fullKey(item.high, item.low));
  }

  /** In no order that means anything. */
  *values(): Generator<T> {
    yield* this.#byHigh.values();
    yield* this.#others.values();
  }
}

/** 16 lower-case hexadecimal digits, as events spell a fingerprint. */
export function fingerprintText(high: number, low: number): string {
  scratch.writeInt32BE(high, 0);
  scratch.writeInt32BE(low, 4);
  return scratch.toString("hex");
}

const scratch = Buffer.alloc(8);

function fullKey(high: number, low: number): string {
  return `${high},${low}`;
}
