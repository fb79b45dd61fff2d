/**
 * The firing alerts of one partition as rows of numbers outside the engine's heap. A million actors
 * as objects are a gigabyte that each collection walks through; as rows they are 88 bytes each and
 * nothing to walk through. An actor exists as an object only while something happens to it: `load`
 * fills the caller's one state, `store` writes it back.
 *
 * A row lies in two cache lines. Rows are taken from pages, which the system gives memory as they
 * are first written. A freed row is the next one to be used.
 *
 * R1 A row keeps its number until it is freed.
 * R2 Which row an alert has tells nothing: whatever depends on an order asks for fingerprints.
 */
import type { FiringAlert, RollupPolicy } from "../actors/alert/alert.ts";
import { NumberedTexts } from "./numbered-texts.ts";
import { notQueued } from "./wake-queue.ts";

/** Rows of a page; a power of two. */
export const pageRows = 4096;
const pageBits = 12;
const pageMask = pageRows - 1;

/** Columns of 64-bit floats, then columns of 32-bit integers; a row is both, in this order. */
const floats = { startsAt: 0, endsAt: 1, updatedAt: 2, pendingFrom: 3, rollupAt: 4, total: 5 };
const floatColumns = 6;
const ints = {
  high: 12,
  low: 13,
  contentHash: 14,
  pending: 15,
  rollup: 16,
  payload: 17,
  domain: 18,
  policy: 19,
  place: 20,
  flags: 21,
};
const rowInts = 22;
const rowFloats = rowInts / 2;
export const rowBytes = rowInts * 4;

const flagBits = { used: 1, endsByTimeout: 2 };
const noRow = -1;

type Page = { floats: Float64Array; ints: Int32Array };

/** What is kept of all rows: copies of the pages in use, and the texts that they number. */
export type RowsSnapshot = { pages: Uint8Array[]; domains: string[]; policies: RollupPolicy[] };

export class AlertRows {
  #pages: Page[] = [];
  #count = 0;
  /** Rows that were ever used; the row freed last, whose `high` has the one before. */
  #fresh = 0;
  #freed = noRow;
  #domains = new NumberedTexts();
  #policies: RollupPolicy[] = [];

  get size(): number {
    return this.#count;
  }

  /** @returns the row, in no queue yet. */
  add(high: number, low: number, domain: string, payload: number, state: FiringAlert): number {
    const row = this.#take();
    const { ints: cells } = this.#page(row);
    const at = (row & pageMask) * rowInts;
    cells[at + ints.high] = high;
    cells[at + ints.low] = low;
    cells[at + ints.payload] = payload;
    cells[at + ints.domain] = this.#domains.hold(domain);
    cells[at + ints.place] = notQueued;
    cells[at + ints.flags] = flagBits.used;
    this.store(row, state);
    this.#count += 1;
    return row;
  }

  free(row: number): void {
    const { ints: cells } = this.#page(row);
    const at = (row & pageMask) * rowInts;
    this.#domains.release(cells[at + ints.domain] as number);
    cells[at + ints.flags] = 0;
    cells[at + ints.high] = this.#freed;
    this.#freed = row;
    this.#count -= 1;
    if (this.#count === 0) this.#begin(this.#pages.slice(0, 1));
  }

  /** Fills `state` with what the row holds. */
  load(row: number, state: FiringAlert): void {
    const page = this.#page(row);
    const at = (row & pageMask) * rowFloats;
    const { floats: times, ints: cells } = page;
    state.startsAtMs = times[at + floats.startsAt] as number;
    state.endsAtMs = times[at + floats.endsAt] as number;
    state.updatedAtMs = times[at + floats.updatedAt] as number;
    state.pendingFromMs = times[at + floats.pendingFrom] as number;
    state.rollupAtMs = times[at + floats.rollupAt] as number;
    state.total = times[at + floats.total] as number;
    const intAt = (row & pageMask) * rowInts;
    state.contentHash = cells[intAt + ints.contentHash] as number;
    state.pending = cells[intAt + ints.pending] as number;
    state.rollupMs = cells[intAt + ints.rollup] as number;
    state.policy = this.#policies[cells[intAt + ints.policy] as number] as RollupPolicy;
    state.endsByTimeout = ((cells[intAt + ints.flags] as number) & flagBits.endsByTimeout) !== 0;
  }

  store(row: number, state: FiringAlert): void {
    const { floats: times, ints: cells } = this.#page(row);
    const at = (row & pageMask) * rowFloats;
    times[at + floats.startsAt] = state.startsAtMs;
    times[at + floats.endsAt] = state.endsAtMs;
    times[at + floats.updatedAt] = state.updatedAtMs;
    times[at + floats.pendingFrom] = state.pendingFromMs;
    times[at + floats.rollupAt] = state.rollupAtMs;
    times[at + floats.total] = state.total;
    const intAt = (row & pageMask) * rowInts;
    cells[intAt + ints.contentHash] = state.contentHash;
    cells[intAt + ints.pending] = state.pending;
    cells[intAt + ints.rollup] = state.rollupMs;
    cells[intAt + ints.policy] = this.#policyNumber(state.policy);
    cells[intAt + ints.flags] = state.endsByTimeout
      ? flagBits.used | flagBits.endsByTimeout
      : flagBits.used;
  }

  /** Whether the row is in use, by this fingerprint. */
  shows(row: number, high: number, low: number): boolean {
    if (row >= this.#fresh) return false;
    const { ints: cells } = this.#page(row);
    const at = (row & pageMask) * rowInts;
    if (cells[at + ints.low] !== low || cells[at + ints.high] !== high) return false;
    return ((cells[at + ints.flags] as number) & flagBits.used) !== 0;
  }

  /**
   * Reads a number of each cache line that the first `count` of these rows may lie in; `absent`
   * ones are none. @returns their exclusive or.
   */
  touch(rows: Int32Array, count: number): number {
    const pages = this.#pages;
    let read = 0;
    for (let nth = 0; nth < count; nth += 1) {
      const row = rows[nth] as number;
      if (row < 0) continue;
      const { ints: cells } = pages[row >> pageBits] as Page;
      const at = (row & pageMask) * rowInts;
      read ^= (cells[at] as number) ^ (cells[at + ints.high] as number);
      read ^= cells[at + rowInts - 1] as number;
    }
    return read;
  }

  high(row: number): number {
    return this.#int(row, ints.high);
  }

  low(row: number): number {
    return this.#int(row, ints.low);
  }

  domain(row: number): string {
    return this.#domains.text(this.#int(row, ints.domain));
  }

  /** The block of the partition's payloads that belongs to the row. */
  payload(row: number): number {
    return this.#int(row, ints.payload);
  }

  setPayload(row: number, payload: number): void {
    this.#page(row).ints[(row & pageMask) * rowInts + ints.payload] = payload;
  }

  /** Its place in the wake queue. */
  place(row: number): number {
    return this.#int(row, ints.place);
  }

  setPlace(row: number, place: number): void {
    this.#page(row).ints[(row & pageMask) * rowInts + ints.place] = place;
  }

  /** Rows in use, in the order of their numbers. Rows may be freed meanwhile, not added. */
  *used(): Generator<number> {
    for (let row = 0; row < this.#fresh; row += 1) if (this.isUsed(row)) yield row;
  }

  /** Numbers from 0; past the last row ever used: false. */
  isUsed(row: number): boolean {
    return row < this.#fresh && (this.#int(row, ints.flags) & flagBits.used) !== 0;
  }

  /** Rows ever used: no row has this number or a greater one. */
  get end(): number {
    return this.#fresh;
  }

  clear(): void {
    this.#begin([]);
  }

  /** Views, not copies: valid until a row changes. */
  snapshot(): RowsSnapshot {
    const pages = this.#pages.map(({ ints: { buffer } }, index) => {
      const rows = Math.min(pageRows, this.#fresh - index * pageRows);
      return Buffer.from(buffer, 0, rows * rowBytes);
    });
    return { pages, domains: this.#domains.all(), policies: [...this.#policies] };
  }

  /** The rows of the snapshot under their old numbers, in no queue. */
  restore({ pages, domains, policies }: RowsSnapshot): void {
    this.clear();
    this.#policies = policies.map(({ firstMs, maxMs }) => ({ firstMs, maxMs }));
    const rows = pages.reduce((sum, page) => sum + page.length / rowBytes, 0);
    for (const bytes of pages) Buffer.from(this.#addPage().ints.buffer).set(bytes);
    this.#fresh = rows;
    const held: number[] = [];
    for (let row = rows - 1; row >= 0; row -= 1) {
      if (this.isUsed(row)) {
        this.#count += 1;
        this.setPlace(row, notQueued);
        held.push(this.#int(row, ints.domain));
      } else {
        this.#page(row).ints[(row & pageMask) * rowInts + ints.high] = this.#freed;
        this.#freed = row;
      }
    }
    this.#domains = NumberedTexts.restored(domains, held);
  }

  /** Starts over with these pages, whose rows are all free. */
  #begin(pages: Page[]): void {
    this.#pages = pages;
    this.#count = 0;
    this.#fresh = 0;
    this.#freed = noRow;
    this.#domains = new NumberedTexts();
    this.#policies = [];
  }

  #take(): number {
    const row = this.#freed;
    if (row !== noRow) {
      this.#freed = this.#int(row, ints.high);
      return row;
    }
    if (this.#fresh === this.#pages.length * pageRows) this.#addPage();
    this.#fresh += 1;
    return this.#fresh - 1;
  }

  #addPage(): Page {
    const buffer = new ArrayBuffer(pageRows * rowBytes);
    const page = { floats: new Float64Array(buffer), ints: new Int32Array(buffer) };
    this.#pages.push(page);
    return page;
  }

  #page(row: number): Page {
    return this.#pages[row >> pageBits] as Page;
  }

  #int(row: number, column: number): number {
    return this.#page(row).ints[(row & pageMask) * rowInts + column] as number;
  }

  /** Policies are as many as there were configurations while these rows lived. */
  #policyNumber(policy: RollupPolicy): number {
    const known = this.#policies.indexOf(policy);
    if (known !== -1) return known;
    const { firstMs, maxMs } = policy;
    const equal = this.#policies.findIndex((one) => one.firstMs === firstMs && one.maxMs === maxMs);
    return equal === -1 ? this.#policies.push(policy) - 1 : equal;
  }
}

/** A state to `load` into, and to be overwritten. */
export function blankState(): FiringAlert {
  return {
    kind: "firing",
    startsAtMs: 0,
    endsAtMs: 0,
    endsByTimeout: false,
    contentHash: 0,
    updatedAtMs: 0,
    total: 0,
    pending: 0,
    pendingFromMs: 0,
    rollupMs: 0,
    rollupAtMs: 0,
    policy: { firstMs: 0, maxMs: 0 },
  };
}

if (ints.high !== floatColumns * 2) throw new Error("the columns of a row overlap");
