/**
 * Kinds of alerts that history remembers, least recently seen first, and those that it only knows
 * as partners of others. Each name is one object, so that two kinds are compared without reading
 * their names; partners are short lists that are searched from end to end, which costs less than
 * a map of each kind would.
 *
 * N1 A name is held while it is kept, is a partner of one that is kept, or is held by `hold`.
 */

/** Other kinds that one is remembered to come with. */
export const partnersMax = 12;

export type Kind = {
  readonly name: string;
  /** Tenant and environment, with which its name begins. */
  readonly scope: string;
  /** Whether it is remembered itself. What follows is of use only where it is. */
  kept: boolean;
  /** Times that it began, each in units of its time. */
  count: number;
  /** When it last began. */
  atMs: number;
  /** Of the intervals between its beginnings: how many, mean and mean deviation, ms. */
  intervals: number;
  meanMs: number;
  deviationMs: number;
  /** At most `partnersMax`, in the order in which they came, and how often each did. */
  readonly partners: Kind[];
  readonly counts: number[];
  /** Places that hold it: lists of partners, and `hold`. */
  holds: number;
  /** Its neighbours among those that are kept. */
  older: Kind | null;
  newer: Kind | null;
};

export class Kinds {
  readonly #names = new Map<string, Kind>();
  #oldest: Kind | null = null;
  #newest: Kind | null = null;
  /** Kinds that are kept. */
  size = 0;

  /** One that is kept, or known as a partner. */
  get(name: string): Kind | undefined {
    return this.#names.get(name);
  }

  /** As `get`; a name that is not known is entered, and must be held or kept at once. */
  of(name: string): Kind {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const scope = scopeIn(name);
    const near = this.#newest?.scope;
    // Most are of one scope: one text of it is compared faster, and takes less memory.
    const kind = newKind(name, near === scope ? near : scope);
    this.#names.set(name, kind);
    return kind;
  }

  /** From now on it is remembered, as the newest; it has no past. */
  keep(kind: Kind, atMs: number): void {
    kind.kept = true;
    kind.count = 0;
    kind.atMs = atMs;
    kind.intervals = 0;
    kind.meanMs = 0;
    kind.deviationMs = 0;
    this.size += 1;
    this.#append(kind);
  }

  /** One that is kept is the newest now. */
  renew(kind: Kind): void {
    if (kind === this.#newest) return;
    this.#unlink(kind);
    this.#append(kind);
  }

  dropOldest(): void {
    const kind = this.#oldest;
    if (kind === null) return;
    this.#unlink(kind);
    // It may be somebody's partner for long: it must not keep all those that go after it.
    kind.newer = null;
    this.size -= 1;
    kind.kept = false;
    for (const partner of kind.partners) this.release(partner);
    kind.partners.length = 0;
    kind.counts.length = 0;
    this.#forgetUnused(kind);
  }

  hold(kind: Kind): void {
    kind.holds += 1;
  }

  /** Takes back one `hold`. */
  release(kind: Kind): void {
    kind.holds -= 1;
    this.#forgetUnused(kind);
  }

  addPartner(kind: Kind, other: Kind, count: number): void {
    kind.partners.push(other);
    kind.counts.push(count);
    this.hold(other);
  }

  /** @param at its place in the list of partners. */
  removePartner(kind: Kind, at: number): void {
    const { partners, counts } = kind;
    const other = partners[at] as Kind;
    const last = partners.length - 1;
    for (let place = at; place < last; place += 1) {
      partners[place] = partners[place + 1] as Kind;
      counts[place] = counts[place + 1] as number;
    }
    partners.pop();
    counts.pop();
    this.release(other);
  }

  /** The one is no partner of the other any more. */
  part(name: string, partner: string): void {
    const kind = this.#names.get(name);
    const at = kind?.partners.findIndex((one) => one.name === partner) ?? -1;
    if (kind !== undefined && at >= 0) this.removePartner(kind, at);
  }

  clear(): void {
    this.#names.clear();
    this.#oldest = null;
    this.#newest = null;
    this.size = 0;
  }

  /** Those that are kept, least recently seen first. */
  *kept(): Iterable<Kind> {
    for (let kind = this.#oldest; kind !== null; kind = kind.newer) yield kind;
  }

  /** N1 */
  #forgetUnused(kind: Kind): void {
    if (kind.holds === 0 && !kind.kept) this.#names.delete(kind.name);
  }

  #append(kind: Kind): void {
    kind.older = this.#newest;
    kind.newer = null;
    if (this.#newest === null) this.#oldest = kind;
    else this.#newest.newer = kind;
    this.#newest = kind;
  }

  #unlink({ older, newer }: Kind): void {
    if (older === null) this.#oldest = newer;
    else older.newer = newer;
    if (newer === null) this.#newest = older;
    else newer.older = older;
  }
}

function newKind(name: string, scope: string): Kind {
  return {
    ...{ name, scope, kept: false, count: 0, atMs: 0, intervals: 0, meanMs: 0, deviationMs: 0 },
    ...{ partners: [], counts: [], holds: 0, older: null, newer: null },
  };
}

function scopeIn(name: string): string {
  return name.slice(0, name.indexOf("\u0000", name.indexOf("\u0000") + 1));
}
