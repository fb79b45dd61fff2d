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
import { type Kind, Kinds, partnersMax } from "./kinds.ts";

/** Natural for a system that is changed every week. */
const halfLifeMs = 14 * 24 * 3_600_000;
/** Kinds of one partition that are remembered. */
export const kindsMax = 2_048;
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

/** A kind that began within the window, and when it last did. */
type Recent = { kind: Kind; atMs: number };

export class History {
  /** Within which two begin together. */
  windowMs: number;
  readonly #kinds = new Kinds();
  /** Oldest first; none twice. */
  readonly #recent: Recent[] = [];
  #sinceMs: number | null = null;
  /** One alert is asked for more than once: its kind's name is made once. */
  #named: Occurrence = { tenant: "", environment: "", service: "", alertname: "" };
  #name: string | null = null;

  constructor(windowMs: number) {
    this.windowMs = windowMs;
  }

  get size(): number {
    return this.#kinds.size;
  }

  /** An alert of the kind began to fire. */
  learn(occurrence: Occurrence, atMs: number): void {
    const name = this.#nameOf(occurrence);
    if (name === null) return;
    this.#sinceMs ??= atMs;
    this.#forgetBefore(atMs - this.windowMs);
    const kind = this.#kinds.of(name);
    this.#kinds.hold(kind);
    // One trouble raises many alerts of a kind: together they are one occurrence.
    const place = this.#recent.findIndex((recent) => recent.kind === kind);
    if (place < 0) this.#occurred(kind, atMs);
    else this.#drop(place);
    this.#recent.push({ kind, atMs });
    if (this.#recent.length > recentMax) this.#drop(0);
  }

  /** A person took the two apart: what was learnt of them was wrong. */
  unlearn(one: Occurrence, other: Occurrence): void {
    const [name, otherName] = [nameOf(one), nameOf(other)];
    if (name === null || otherName === null) return;
    this.#kinds.part(name, otherName);
    this.#kinds.part(otherName, name);
  }

  /** Kinds that come with this one more than chance has it, the surest first. */
  partnersOf(occurrence: Occurrence, atMs: number): Partner[] {
    const kind = this.#kindOf(occurrence);
    if (kind === undefined || kind.partners.length === 0) return none;
    const found: Partner[] = [];
    const unit = this.#unit(atMs);
    for (let at = 0; at < kind.partners.length; at += 1) {
      const theirs = kind.partners[at] as Kind;
      const times = (kind.counts[at] as number) / unit;
      if (times < togetherMin || !theirs.kept) continue;
      const lift = this.#lift(times, kind.count / unit, theirs.count / unit, atMs);
      if (lift === null) continue;
      const [, , service = "", alertname = ""] = theirs.name.split("\u0000");
      found.push({ service, alertname, lift, times });
    }
    return found.sort((a, b) => b.lift - a.lift || (a.service < b.service ? -1 : 1));
  }

  /** How often it comes, where it comes like a clock and is due now; null: it does not. */
  regularityOf(occurrence: Occurrence, atMs: number): number | null {
    const kind = this.#kindOf(occurrence);
    if (kind === undefined || kind.intervals < intervalsMin) return null;
    const { meanMs, deviationMs } = kind;
    if (deviationMs > jitterMax * meanMs) return null;
    const isDue = Math.abs(atMs - kind.atMs - meanMs) <= 2 * jitterMax * meanMs;
    return isDue ? meanMs : null;
  }

  snapshot(): HistorySnapshot {
    const kinds = Array.from(this.#kinds.kept(), (kind): KindRow => {
      const { name, count, atMs, intervals, meanMs, deviationMs, partners, counts } = kind;
      const rows = partners.map((one, at): PartnerRow => [one.name, counts[at] as number]);
      return [name, count, atMs, intervals, meanMs, deviationMs, rows];
    });
    const recent = this.#recent.map(({ kind, atMs }): RecentRow => {
      return [kind.name, kind.scope, atMs];
    });
    return { sinceMs: this.#sinceMs ?? 0, kinds, recent };
  }

  restore({ sinceMs, kinds, recent }: HistorySnapshot): void {
    this.#sinceMs = kinds.length === 0 ? null : sinceMs;
    this.#kinds.clear();
    this.#recent.length = 0;
    for (const [name, count, atMs, intervals, meanMs, deviationMs, rows] of kinds) {
      const kind = this.#kinds.of(name);
      this.#kinds.keep(kind, atMs);
      Object.assign(kind, { count, intervals, meanMs, deviationMs });
      for (const [other, times] of rows) {
        this.#kinds.addPartner(kind, this.#kinds.of(other), times);
      }
    }
    for (const [name, , atMs] of recent) {
      const kind = this.#kinds.of(name);
      this.#kinds.hold(kind);
      this.#recent.push({ kind, atMs });
    }
  }

  /** One that is kept. */
  #kindOf(occurrence: Occurrence): Kind | undefined {
    const name = this.#nameOf(occurrence);
    const kind = name === null ? undefined : this.#kinds.get(name);
    return kind?.kept === true ? kind : undefined;
  }

  /** Null: as of `nameOf`. */
  #nameOf(occurrence: Occurrence): string | null {
    const { tenant, environment, service, alertname } = occurrence;
    const of = this.#named;
    const isSame = of.service === service && of.alertname === alertname;
    if (isSame && of.tenant === tenant && of.environment === environment) return this.#name;
    this.#named = { tenant, environment, service, alertname };
    this.#name = nameOf(this.#named);
    return this.#name;
  }

  /** It began, and was not among those that did within the window. */
  #occurred(kind: Kind, atMs: number): void {
    const unit = this.#unit(atMs);
    this.#count(kind, unit, atMs);
    const { scope } = kind;
    for (const { kind: other } of this.#recent) {
      if (other.scope !== scope) continue;
      this.#together(kind, other, unit);
      if (other.kept) this.#together(other, kind, unit);
    }
  }

  #count(kind: Kind, unit: number, atMs: number): void {
    if (!kind.kept) {
      this.#kinds.keep(kind, atMs);
      kind.count = unit;
      if (this.#kinds.size > kindsMax) this.#kinds.dropOldest();
      return;
    }
    const intervalMs = atMs - kind.atMs;
    kind.count += unit;
    addInterval(kind, intervalMs);
    kind.atMs = atMs;
    // Of those seen within the hour the order does not matter.
    if (intervalMs >= orderMs) this.#kinds.renew(kind);
  }

  #together(kind: Kind, other: Kind, unit: number): void {
    const { partners, counts } = kind;
    const known = partners.indexOf(other);
    if (known >= 0) {
      counts[known] = (counts[known] as number) + unit;
      return;
    }
    if (partners.length >= partnersMax) {
      const least = leastOf(counts);
      // Something new must be able to enter, but not to push out what was seen often.
      if ((counts[least] as number) >= togetherMin * unit) return;
      this.#kinds.removePartner(kind, least);
    }
    this.#kinds.addPartner(kind, other, unit);
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
    while (this.#recent.length > 0 && (this.#recent[0] as Recent).atMs < sinceMs) this.#drop(0);
  }

  #drop(place: number): void {
    const { kind } = this.#recent[place] as Recent;
    this.#recent.splice(place, 1);
    this.#kinds.release(kind);
  }
}

const none: Partner[] = [];

/** The place of the first of the least. */
function leastOf(counts: readonly number[]): number {
  let least = 0;
  for (let at = 1; at < counts.length; at += 1) {
    if ((counts[at] as number) < (counts[least] as number)) least = at;
  }
  return least;
}

/** Newer intervals count more: a fifth for the newest, once there are some. */
function addInterval(kind: Kind, intervalMs: number): void {
  const part = Math.max(0.2, 1 / (kind.intervals + 1));
  const off = Math.abs(intervalMs - (kind.intervals === 0 ? intervalMs : kind.meanMs));
  kind.deviationMs += (off - kind.deviationMs) * part;
  kind.meanMs += (intervalMs - kind.meanMs) * part;
  kind.intervals += 1;
}

/** Null: it has no name, too long a one, or one that would read as another's (H4). */
function nameOf({ tenant, environment, service, alertname }: Occurrence): string | null {
  if (alertname === "") return null;
  const parts = [tenant, environment, service, alertname];
  const name = parts.join("\u0000");
  if (name.length > kindCharsMax) return null;
  return parts.some((part) => part.includes("\u0000")) ? null : name;
}
