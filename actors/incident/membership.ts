/**
 * Which incident each fingerprint belongs to, whether it fires, and which fingerprints ever
 * belonged to an incident. There may be a million of them, so that they are rows of four numbers
 * outside the engine's heap and no objects: 16 bytes and an entry of the index each.
 *
 * The rows of an incident are a chain in the order in which its alerts came. A fingerprint that
 * went over to another incident has a row in either chain.
 *
 * M1 The index knows the one row of a fingerprint whose state is not `elsewhere`.
 * M2 A roll's `length` is the length of its chain, `away` counts the rows of it that are elsewhere.
 * M3 A row keeps its number until it is freed; nothing that is told depends on numbers.
 */
import { fingerprintText, halves, readFingerprint } from "../alert/fingerprint.ts";
import { absent, FingerprintIndex } from "../alert/fingerprint-index.ts";
import type { Incident } from "./incident.ts";

/** Rows of a page, a power of two: one of a hundred partitions with few alerts pays for little. */
const pageBits = 10;
const pageRows = 2 ** pageBits;
const pageMask = pageRows - 1;

const columns = { high: 0, low: 1, owner: 2, next: 3 };
const rowInts = 4;
const none = -1;
/** Of a longer chain an index is made where something comes back to it, instead of a search. */
const searchedMax = 1_000;

/** What a fingerprint is to an incident that it belonged to once. */
export const memberStates = { elsewhere: 0, quiet: 1, firing: 2 } as const;
export type MemberState = (typeof memberStates)[keyof typeof memberStates];
/** A row's owner is the number of the roll and, in the lowest bits, the state. */
const stateBits = 2;
const stateMask = 3;

/** The fingerprints of one incident; all but `length` is of use to `Membership` only. */
export type Roll = {
  /** Distinct fingerprints that ever belonged to the incident. */
  length: number;
  away: number;
  first: number;
  last: number;
  /** Its number among the rolls; -1 while it is empty. */
  number: number;
};

export function emptyRoll(): Roll {
  return { length: 0, away: 0, first: none, last: none, number: none };
}

/** A fingerprint that belongs to an incident. */
export type Member = { fingerprint: string; firing: boolean };

/** Rolls one after another: the halves of each fingerprint, and its state. */
export type MembersSnapshot = { fingerprints: Uint8Array; states: Uint8Array };

export class Membership {
  #pages: Int32Array[] = [];
  /** Rows that were ever used; the row freed last, whose `next` is the one before. */
  #fresh = 0;
  #freed = none;
  #used = 0;
  /** By the number of their roll. */
  readonly #incidents: (Incident | undefined)[] = [];
  readonly #freeNumbers: number[] = [];
  readonly #seed: number;
  readonly #fingerprints = {
    high: (row: number): number => this.#cell(row, columns.high),
    low: (row: number): number => this.#cell(row, columns.low),
  };
  readonly #index: FingerprintIndex;
  /** The rows of the long chain that something came back to last. */
  #returned: { to: Roll; rows: FingerprintIndex } | null = null;

  /** @param seed see FingerprintIndex. */
  constructor(seed: number) {
    this.#seed = seed;
    this.#index = new FingerprintIndex(this.#fingerprints, seed);
  }

  /** Fingerprints that belong to an incident. */
  get size(): number {
    return this.#index.size;
  }

  /** The incident that the fingerprint belongs to, firing or not. */
  ownerOf(fingerprint: string): Incident | undefined {
    const row = this.#rowOf(fingerprint);
    return row === absent ? undefined : this.#incidentOf(row);
  }

  isFiring(fingerprint: string): boolean {
    const row = this.#rowOf(fingerprint);
    return row !== absent && this.#state(row) === memberStates.firing;
  }

  /** Whether the incident was opened by this alert, or as that of the first one it got. */
  isFounder(incident: Incident, fingerprint: string): boolean {
    const { first } = incident.members;
    return first !== none && readFingerprint(fingerprint) && this.#shows(first);
  }

  /** A fingerprint that belongs to an incident goes on or stops firing. */
  setFiring(fingerprint: string, firing: boolean): void {
    const row = this.#rowOf(fingerprint);
    if (row !== absent) this.#setState(row, firing ? memberStates.firing : memberStates.quiet);
  }

  /**
   * The fingerprint fires and belongs to this incident, wherever it belonged before.
   * @throws Error for a text that is no fingerprint.
   */
  join(incident: Incident, fingerprint: string): void {
    const known = this.#rowOf(fingerprint);
    if (known === absent) {
      if (!readFingerprint(fingerprint)) throw new Error(`"${fingerprint}" is no fingerprint`);
      this.#append(incident, halves.high, halves.low, memberStates.firing);
    } else if (this.#incidentOf(known) === incident) {
      this.#setState(known, memberStates.firing);
    } else {
      this.#leave(known);
      this.#enter(incident, memberStates.firing);
    }
  }

  /** All that belongs or belonged to `from` does so to `to`, in the same order. */
  move(from: Incident, to: Incident): void {
    // Nothing of `from` has a row in `to` as well, unless something left one of them.
    const hasAway = from.members.away + to.members.away > 0;
    const there = hasAway ? this.#indexOf(to) : null;
    for (let row = from.members.first, next = none; row !== none; row = next) {
      next = this.#next(row);
      const [high, low] = [this.#cell(row, columns.high), this.#cell(row, columns.low)];
      const state = this.#state(row);
      const own = there === null ? absent : there.find(high, low);
      if (state !== memberStates.elsewhere) this.#index.delete(row);
      this.#free(row);
      if (own === absent) this.#append(to, high, low, state);
      else if (state !== memberStates.elsewhere) this.#return(to, own, state);
    }
    this.#release(from);
  }

  /** What belongs to it, in the order in which it came, from place `from` on. */
  list({ members }: Incident, from: number, limit: number): Member[] {
    const found: Member[] = [];
    let at = 0;
    for (let row = members.first; row !== none && at < from + limit; row = this.#next(row)) {
      at += 1;
      const state = this.#state(row);
      if (at <= from || state === memberStates.elsewhere) continue;
      const fingerprint = this.#textOf(row);
      found.push({ fingerprint, firing: state === memberStates.firing });
    }
    return found;
  }

  /** These of what belongs to `from` go to `to`, another incident, and leave no trace in `from`. */
  part(from: Incident, to: Incident, fingerprints: ReadonlySet<string>): void {
    const { members } = from;
    let before = none;
    for (let row = members.first, next = none; row !== none; row = next) {
      next = this.#next(row);
      const state = this.#state(row);
      if (state === memberStates.elsewhere || !fingerprints.has(this.#textOf(row))) {
        before = row;
        continue;
      }
      if (before === none) members.first = next;
      else this.#setCell(before, columns.next, next);
      if (next === none) members.last = before;
      members.length -= 1;
      halves.high = this.#cell(row, columns.high);
      halves.low = this.#cell(row, columns.low);
      this.#index.delete(row);
      this.#free(row);
      this.#enter(to, state);
    }
    this.#returned = null;
    if (members.length === 0) this.#release(from);
  }

  /** Forgets the incident; those of its alerts that fired elsewhere since stay there. */
  drop(incident: Incident): void {
    for (let row = incident.members.first, next = none; row !== none; row = next) {
      next = this.#next(row);
      if (this.#state(row) !== memberStates.elsewhere) this.#index.delete(row);
      this.#free(row);
    }
    this.#release(incident);
  }

  /** The rolls of these incidents, in this order. */
  snapshot(incidents: Iterable<Incident>): MembersSnapshot {
    const rolls = Array.from(incidents, ({ members }) => members);
    const count = rolls.reduce((sum, { length }) => sum + length, 0);
    const [pairs, states] = [new Int32Array(count * 2), new Uint8Array(count)];
    let at = 0;
    for (const { first } of rolls) {
      for (let row = first; row !== none; row = this.#next(row)) {
        pairs[at * 2] = this.#cell(row, columns.high);
        pairs[at * 2 + 1] = this.#cell(row, columns.low);
        states[at] = this.#state(row);
        at += 1;
      }
    }
    return { fingerprints: new Uint8Array(pairs.buffer), states };
  }

  /** Fills the empty rolls of these incidents, which had so many members each. */
  restore(saved: MembersSnapshot, incidents: Iterable<[Incident, number]>): void {
    const pairs = new Int32Array(new Uint8Array(saved.fingerprints).buffer);
    if (this.#used === 0) this.#index.clear(saved.states.length);
    let at = 0;
    for (const [incident, count] of incidents) {
      for (const end = at + count; at < end; at += 1) {
        const [high, low] = [pairs[at * 2] as number, pairs[at * 2 + 1] as number];
        this.#append(incident, high, low, saved.states[at] as MemberState);
      }
    }
  }

  #rowOf(fingerprint: string): number {
    return readFingerprint(fingerprint) ? this.#index.find(halves.high, halves.low) : absent;
  }

  /** The fingerprint in `halves`, which belongs to no incident, comes or returns to this one. */
  #enter(incident: Incident, state: MemberState): void {
    const { high, low } = halves;
    const row = incident.members.away > 0 ? this.#formerRow(incident) : absent;
    if (row === absent) this.#append(incident, high, low, state);
    else this.#return(incident, row, state);
  }

  /** The row that the fingerprint in `halves` had in this incident before. */
  #formerRow(incident: Incident): number {
    const { members } = incident;
    if (members.length > searchedMax) {
      const { high, low } = halves;
      if (this.#returned?.to !== members) {
        this.#returned = { to: members, rows: this.#indexOf(incident) };
      }
      return this.#returned.rows.find(high, low);
    }
    let row = members.first;
    while (row !== none && !this.#shows(row)) row = this.#next(row);
    return row === none ? absent : row;
  }

  #leave(row: number): void {
    this.#index.delete(row);
    const { members } = this.#incidentOf(row);
    members.away += 1;
    this.#setState(row, memberStates.elsewhere);
  }

  #return({ members }: Incident, row: number, state: MemberState): void {
    members.away -= 1;
    this.#setState(row, state);
    this.#index.add(row);
  }

  #append(incident: Incident, high: number, low: number, state: MemberState): void {
    const { members } = incident;
    if (members.number === none) this.#admit(incident);
    const row = this.#take();
    const page = this.#page(row);
    const at = (row & pageMask) * rowInts;
    page[at + columns.high] = high;
    page[at + columns.low] = low;
    page[at + columns.owner] = (members.number << stateBits) | state;
    page[at + columns.next] = none;
    if (members.last === none) members.first = row;
    else this.#setCell(members.last, columns.next, row);
    members.last = row;
    members.length += 1;
    if (this.#returned?.to === members) this.#returned.rows.add(row);
    if (state === memberStates.elsewhere) members.away += 1;
    else this.#index.add(row);
  }

  #indexOf({ members }: Incident): FingerprintIndex {
    const index = new FingerprintIndex(this.#fingerprints, this.#seed);
    for (let row = members.first; row !== none; row = this.#next(row)) index.add(row);
    return index;
  }

  #admit(incident: Incident): void {
    const number = this.#freeNumbers.pop() ?? this.#incidents.length;
    this.#incidents[number] = incident;
    incident.members.number = number;
  }

  /** All rows of the incident were freed. */
  #release(incident: Incident): void {
    const { number } = incident.members;
    incident.members = emptyRoll();
    if (number === none) return;
    this.#incidents[number] = undefined;
    this.#freeNumbers.push(number);
  }

  #take(): number {
    this.#used += 1;
    const row = this.#freed;
    if (row !== none) {
      this.#freed = this.#cell(row, columns.next);
      return row;
    }
    if (this.#fresh === this.#pages.length * pageRows) {
      this.#pages.push(new Int32Array(pageRows * rowInts));
    }
    this.#fresh += 1;
    return this.#fresh - 1;
  }

  #free(row: number): void {
    this.#setCell(row, columns.next, this.#freed);
    this.#freed = row;
    this.#used -= 1;
    if (this.#used === 0) this.#begin();
  }

  /** After a flood has gone its memory goes as well. */
  #begin(): void {
    this.#pages = this.#pages.slice(0, 1);
    this.#fresh = 0;
    this.#freed = none;
    this.#index.clear();
  }

  #incidentOf(row: number): Incident {
    return this.#incidents[this.#cell(row, columns.owner) >> stateBits] as Incident;
  }

  #textOf(row: number): string {
    return fingerprintText(this.#cell(row, columns.high), this.#cell(row, columns.low));
  }

  /** Whether it is the row of the fingerprint in `halves`. */
  #shows(row: number): boolean {
    const { high, low } = halves;
    return this.#cell(row, columns.low) === low && this.#cell(row, columns.high) === high;
  }

  /** The row after it in its chain, or `none`. */
  #next(row: number): number {
    return this.#cell(row, columns.next);
  }

  #state(row: number): MemberState {
    return (this.#cell(row, columns.owner) & stateMask) as MemberState;
  }

  #setState(row: number, state: MemberState): void {
    const owner = this.#cell(row, columns.owner);
    this.#setCell(row, columns.owner, (owner & ~stateMask) | state);
  }

  #page(row: number): Int32Array {
    return this.#pages[row >> pageBits] as Int32Array;
  }

  #cell(row: number, column: number): number {
    return this.#page(row)[(row & pageMask) * rowInts + column] as number;
  }

  #setCell(row: number, column: number, value: number): void {
    this.#page(row)[(row & pageMask) * rowInts + column] = value;
  }
}
