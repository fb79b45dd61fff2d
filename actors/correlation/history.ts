/**
 * What is learnt from history: which kinds of alerts (an alert's name at a service) begin together
 * more often than chance has it, and which come as regularly as a clock. Co-occurrence is measured
 * by lift (Brin, Motwani, Ullman and Tsur: Dynamic Itemset Counting and Implication Rules, 1997):
 * how many times likelier one is within the window of the other than at any time.
 *
 * H1 Counts fade with a half-life, so that what was true of an old system is forgotten: by forward
 *    decay (Cormode, Shkapenyuk, Srivastava and Xu, 2009), where what is new counts more and more
 *    instead, and nothing that is known has to be touched.
 * H2 Memory is bounded: `kindsMax` kinds, of each `partnersMax` others; what faded most gives way.
 * H3 It is a function of the alerts in their order and of their log time.
 * H4 Tenants and environments are worlds of their own.
 */
import { scopeOf } from "../incident/scoped-index.ts";

/** Natural for a system that is changed every week. */
const halfLifeMs = 14 * 24 * 3_600_000;
/** Kinds of one partition that are remembered. */
export const kindsMax = 2_048;
/** Other kinds that one is remembered to come with. */
export const partnersMax = 12;
/** Kinds that began within the window and are counted with a new one, the newest. */
const recentMax = 16;
/** How exactly kinds are in the order in which they were seen. */
const orderMs = 3_600_000;
/** Characters of a kind's name; longer ones are not learnt. */
const kindCharsMax = 256;

/** Times that two began together, less what faded, before it says anything. */
const togetherMin = 3;
/** Of the times that one began, those with the other. */
const shareMin = 0.3;
const liftMin = 3;
/** Intervals that make a pattern, and how much they may differ from their mean. */
const intervalsMin = 5;
const jitterMax = 0.15;

type Kind = {
  /** Times that it began, each in units of its time. */
  count: number;
  /** When it last began. */
  atMs: number;
  /** Of the intervals between its beginnings: how many, mean and mean deviation, ms. */
  intervals: number;
  meanMs: number;
  deviationMs: number;
  partners: Map<string, number>;
};

type PartnerRow = [string, number];
type KindRow = [string, number, number, number, number, number, PartnerRow[]];
type RecentRow = [string, string, number];
export type HistorySnapshot = { sinceMs: number; kinds: KindRow[]; recent: RecentRow[] };

export type Occurrence = {
  tenant: string;
  environment: string;
  service: string;
  alertname: string;
};

/** Services and alert names that began together with a kind before. */
export type Partner = { service: string; alertname: string; lift: number; times: number };

export class History {
  /** Within which two begin together. */
  windowMs: number;
  /** Least recently seen first. */
  readonly #kinds = new Map<string, Kind>();
  /** Kinds that began within the window, oldest first. */
  readonly #recent = new Map<string, { scope: string; atMs: number }>();
  #sinceMs: number | null = null;

  constructor(windowMs: number) {
    this.windowMs = windowMs;
  }

  get size(): number {
    return this.#kinds.size;
  }

  /** An alert of the kind began to fire. */
  learn(occurrence: Occurrence, atMs: number): void {
    const name = nameOf(occurrence);
    if (name === null) return;
    this.#sinceMs ??= atMs;
    this.#forgetBefore(atMs - this.windowMs);
    // One trouble raises many alerts of a kind: together they are one occurrence.
    const isAgain = this.#recent.delete(name);
    const scope = scopeOf(occurrence);
    if (!isAgain) {
      const kind = this.#occurred(name, atMs);
      const unit = this.#unit(atMs);
      for (const [other, recent] of this.#recent) {
        if (recent.scope !== scope) continue;
        together(kind, other, unit);
        const theirs = this.#kinds.get(other);
        if (theirs !== undefined) together(theirs, name, unit);
      }
    }
    this.#recent.set(name, { scope, atMs });
    if (this.#recent.size > recentMax) dropOldest(this.#recent);
  }

  /** A person took the two apart: what was learnt of them was wrong. */
  unlearn(one: Occurrence, other: Occurrence): void {
    const [name, otherName] = [nameOf(one), nameOf(other)];
    if (name === null || otherName === null) return;
    this.#kinds.get(name)?.partners.delete(otherName);
    this.#kinds.get(otherName)?.partners.delete(name);
  }

  /** Kinds that come with this one more than chance has it, the surest first. */
  partnersOf(occurrence: Occurrence, atMs: number): Partner[] {
    const name = nameOf(occurrence);
    const kind = name === null ? undefined : this.#kinds.get(name);
    if (kind === undefined) return [];
    const found: Partner[] = [];
    const unit = this.#unit(atMs);
    for (const [other, count] of kind.partners) {
      const theirs = this.#kinds.get(other);
      if (theirs === undefined) continue;
      const times = count / unit;
      if (times < togetherMin) continue;
      const lift = this.#lift(times, kind.count / unit, theirs.count / unit, atMs);
      if (lift === null) continue;
      const [, , service = "", alertname = ""] = other.split("\u0000");
      found.push({ service, alertname, lift, times });
    }
    return found.sort((a, b) => b.lift - a.lift || (a.service < b.service ? -1 : 1));
  }

  /** How often it comes, where it comes like a clock and is due now; null: it does not. */
  regularityOf(occurrence: Occurrence, atMs: number): number | null {
    const name = nameOf(occurrence);
    const kind = name === null ? undefined : this.#kinds.get(name);
    if (kind === undefined || kind.intervals < intervalsMin) return null;
    const { meanMs, deviationMs } = kind;
    if (deviationMs > jitterMax * meanMs) return null;
    const isDue = Math.abs(atMs - kind.atMs - meanMs) <= 2 * jitterMax * meanMs;
    return isDue ? meanMs : null;
  }

  snapshot(): HistorySnapshot {
    const kinds = [...this.#kinds].map(([name, kind]): KindRow => {
      const { count, atMs, intervals, meanMs, deviationMs } = kind;
      return [name, count, atMs, intervals, meanMs, deviationMs, [...kind.partners]];
    });
    const recent = [...this.#recent].map(([name, { scope, atMs }]): RecentRow => {
      return [name, scope, atMs];
    });
    return { sinceMs: this.#sinceMs ?? 0, kinds, recent };
  }

  restore({ sinceMs, kinds, recent }: HistorySnapshot): void {
    this.#sinceMs = kinds.length === 0 ? null : sinceMs;
    this.#kinds.clear();
    this.#recent.clear();
    for (const [name, count, atMs, intervals, meanMs, deviationMs, rows] of kinds) {
      const partners = new Map(rows);
      this.#kinds.set(name, { count, atMs, intervals, meanMs, deviationMs, partners });
    }
    for (const [name, scope, atMs] of recent) this.#recent.set(name, { scope, atMs });
  }

  #occurred(name: string, atMs: number): Kind {
    const known = this.#kinds.get(name);
    const kind = known ?? newKind(atMs);
    kind.count += this.#unit(atMs);
    // Of those seen within the hour the order does not matter, and changing it costs.
    const isInPlace = known !== undefined && atMs - known.atMs < orderMs;
    if (known !== undefined) {
      addInterval(known, atMs - known.atMs);
      known.atMs = atMs;
    }
    if (isInPlace) return kind;
    this.#kinds.delete(name);
    this.#kinds.set(name, kind);
    if (this.#kinds.size > kindsMax) dropOldest(this.#kinds);
    return kind;
  }

  /** Null: not more than chance, or not usual for either. */
  #lift(times: number, mine: number, theirs: number, atMs: number): number | null {
    if (times < shareMin * Math.min(mine, theirs)) return null;
    const observedMs = this.#observedMs(atMs);
    // Within a window to either side of it the other begins by chance so often.
    const expected = (mine * theirs * 2 * this.windowMs) / observedMs;
    const lift = times / Math.max(expected, Number.MIN_VALUE);
    return lift < liftMin ? null : lift;
  }

  /** What one occurrence now counts, H1; some 38 years of it fit a number. */
  #unit(atMs: number): number {
    return 2 ** ((atMs - (this.#sinceMs ?? atMs)) / halfLifeMs);
  }

  /** The time that faded counts stand for: less than one half-life over ln 2. */
  #observedMs(atMs: number): number {
    const perHalf = halfLifeMs / Math.LN2;
    const sinceMs = atMs - (this.#sinceMs ?? atMs) + this.windowMs;
    return perHalf * (1 - 2 ** (-sinceMs / halfLifeMs));
  }

  #forgetBefore(sinceMs: number): void {
    for (const [name, { atMs }] of this.#recent) {
      if (atMs >= sinceMs) return;
      this.#recent.delete(name);
    }
  }
}

function together(kind: Kind, other: string, unit: number): void {
  const { partners } = kind;
  const known = partners.get(other);
  if (known !== undefined) {
    partners.set(other, known + unit);
    return;
  }
  if (partners.size >= partnersMax) {
    let least = "";
    let leastCount = Infinity;
    for (const [name, count] of partners) {
      if (count >= leastCount) continue;
      least = name;
      leastCount = count;
    }
    // Something new must be able to enter, but not to push out what was seen often.
    if (leastCount >= togetherMin * unit) return;
    partners.delete(least);
  }
  partners.set(other, unit);
}

function dropOldest(map: Map<string, unknown>): void {
  for (const name of map.keys()) {
    map.delete(name);
    return;
  }
}

function newKind(atMs: number): Kind {
  const none = { intervals: 0, meanMs: 0, deviationMs: 0 };
  return { count: 0, atMs, ...none, partners: new Map() };
}

/** Newer intervals count more: a fifth for the newest, once there are some. */
function addInterval(kind: Kind, intervalMs: number): void {
  const part = Math.max(0.2, 1 / (kind.intervals + 1));
  const off = Math.abs(intervalMs - (kind.intervals === 0 ? intervalMs : kind.meanMs));
  kind.deviationMs += (off - kind.deviationMs) * part;
  kind.meanMs += (intervalMs - kind.meanMs) * part;
  kind.intervals += 1;
}

/** Null: it has no name, or too long a one. */
function nameOf({ tenant, environment, service, alertname }: Occurrence): string | null {
  if (alertname === "") return null;
  const name = `${tenant}\u0000${environment}\u0000${service}\u0000${alertname}`;
  return name.length <= kindCharsMax ? name : null;
}
