/**
 * What a flood knows about each of its alerts, a few bytes each, and what the event log must
 * therefore say. Known series are sent over and over: k0, k1, …; others once and never again:
 * n0, n1, …
 *
 * B1. known: acknowledged <= received <= sent, and it was opened once.
 * B2. new: received once if acknowledged, at most once if sent, never if not sent.
 */
import { manyRows, perAlert, rows } from "./books.ts";

const newBlock = 32;
const firstNewMax = 1 << 16;
const faultsShown = 20;

/** One request's alerts: by number of the known series, and the new ones' numbers. */
export type Batch = { known: number[]; fresh: number[] };

/** Over all new alerts of one block: which of them are in the log, as bits, and how often. */
export type NewRow = { block: number; bits: number; received: number };
export type KnownRow = { series: number; received: number; openings: number };

const states = { unsent: 0, sent: 1, acknowledged: 2 } as const;
const isUnsent = (state: number): boolean => state === states.unsent;

export class FloodBooks {
  readonly series: number;
  /** Alerts in requests that got a 200; in requests of which nobody knows the end. */
  acknowledged = 0;
  uncertain = 0;
  private readonly knownSent: Uint32Array;
  private readonly knownAcknowledged: Uint32Array;
  private newStates = new Uint8Array(firstNewMax);
  private newCount = 0;

  constructor(series: number) {
    this.series = series;
    this.knownSent = new Uint32Array(series);
    this.knownAcknowledged = new Uint32Array(series);
  }

  /** How many new alerts were sent, each once. */
  get fresh(): number {
    return this.newCount - this.newStates.subarray(0, this.newCount).filter(isUnsent).length;
  }

  /** @returns the number of an alert that was never sent. */
  makeNew(): number {
    if (this.newCount === this.newStates.length) {
      const wider = new Uint8Array(this.newStates.length * 2);
      wider.set(this.newStates);
      this.newStates = wider;
    }
    return this.newCount++;
  }

  /** Before the first byte leaves: from here on it may be in the log. */
  send({ known, fresh }: Batch): void {
    for (const series of known) this.knownSent[series] = (this.knownSent[series] ?? 0) + 1;
    for (const number of fresh) this.newStates[number] = states.sent;
    this.uncertain += known.length + fresh.length;
  }

  /** The request surely was not taken: what was sent was not. */
  takeBack({ known, fresh }: Batch): void {
    for (const series of known) this.knownSent[series] = (this.knownSent[series] ?? 0) - 1;
    for (const number of fresh) this.newStates[number] = states.unsent;
    this.uncertain -= known.length + fresh.length;
  }

  acknowledge({ known, fresh }: Batch): void {
    const { knownAcknowledged } = this;
    for (const series of known) knownAcknowledged[series] = (knownAcknowledged[series] ?? 0) + 1;
    for (const number of fresh) this.newStates[number] = states.acknowledged;
    this.uncertain -= known.length + fresh.length;
    this.acknowledged += known.length + fresh.length;
  }

  /** @param log a row for each series that is in the log. @returns what breaks B1. */
  faultsOfKnown(log: KnownRow[]): string[] {
    const faults: string[] = [];
    const rest = new Map(log.map((row) => [row.series, row]));
    for (let series = 0; series < this.series; series++) {
      const { received = 0, openings = 0 } = rest.get(series) ?? {};
      rest.delete(series);
      const low = this.knownAcknowledged[series] ?? 0;
      const high = this.knownSent[series] ?? 0;
      if (received < low) faults.push(`k${series}: ${low - received} lost (${received} of ${low})`);
      if (received > high) faults.push(`k${series}: sent ${high} times, in ${received}`);
      if (received > 0 && openings !== 1) faults.push(`k${series}: opened ${openings} times`);
    }
    for (const series of rest.keys()) faults.push(`k${series}: there is no such series`);
    return faults.slice(0, faultsShown);
  }

  /** @param log the blocks of which anything is in the log. @returns what breaks B2. */
  faultsOfNew(log: NewRow[]): string[] {
    const faults: string[] = [];
    const rest = new Map(log.map((row) => [row.block, row]));
    const blocks = Math.ceil(this.newCount / newBlock);
    for (let block = 0; block < blocks && faults.length < faultsShown; block++) {
      const { bits = 0, received = 0 } = rest.get(block) ?? {};
      rest.delete(block);
      let present = 0;
      for (let bit = 0; bit < newBlock; bit++) {
        const isPresent = ((bits >>> bit) & 1) === 1;
        const state = this.newStates[block * newBlock + bit] ?? states.unsent;
        const name = `n${block * newBlock + bit}`;
        if (isPresent) present += 1;
        if (isPresent && state === states.unsent) faults.push(`${name}: never sent, and it is in`);
        if (!isPresent && state === states.acknowledged) faults.push(`${name}: lost`);
      }
      // Each that is present was received at least once: so the sum tells whether one was twice.
      if (received !== present) {
        faults.push(`${present} of n${block * newBlock} and next: received ${received} times`);
      }
    }
    if (faults.length === 0) {
      for (const block of rest.keys()) faults.push(`n${block * newBlock} and next: never made`);
    }
    return faults.slice(0, faultsShown);
  }
}

/** The log's side, one row per known series. */
export function knownInLog(url: string): Promise<KnownRow[]> {
  return rows(
    url,
    `select toUInt32(substring(flood, 2)) as series, toUInt32(sum(received)) as received,
            toUInt32(sum(openings)) as openings
       from (${perAlert}) where startsWith(flood, 'k') group by series`,
  );
}

/** The same for alerts that were sent once, 32 a row: there are far more of them. */
export function newInLog(url: string): Promise<NewRow[]> {
  return manyRows(
    url,
    `select intDiv(number, ${newBlock}) as block,
            groupBitOr(bitShiftLeft(toUInt32(1), number % ${newBlock})) as bits,
            toUInt32(sum(received)) as received
       from (select toUInt32(substring(flood, 2)) as number, received
               from (${perAlert}) where startsWith(flood, 'n'))
      group by block`,
    "block",
  );
}
