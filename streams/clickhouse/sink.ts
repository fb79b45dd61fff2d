/**
 * The sink: every step of the log becomes rows, exactly once, in the order of the log. It never
 * skips and never gives up: while ClickHouse or NATS is away it tries again, and the log holds
 * the data.
 *
 * S1 One session reads from the saved position until something fails; then the next session
 *    begins at the saved position again. There is no other way to retry.
 * S2 A range is saved as begun, inserted, saved as done. A session that finds one begun repeats
 *    exactly that one first.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { jetstream, type JetStreamClient } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import type { Logger } from "../../runtime/ports.ts";
import { streamNames } from "../subjects.ts";
import { AlertIdentities, lookUp } from "./alert-identity.ts";
import { BlockWriter, type RefusedRow } from "./block-writer.ts";
import type { Engine } from "./engine.ts";
import {
  addRows,
  countRows,
  noRows,
  strangers,
  withoutOldStates,
  type Rows,
  type StepMessage,
} from "./rows.ts";
import { SinkPosition } from "./sink-position.ts";
import { StepReader, type StepRange, type UnreadableStep } from "./step-reader.ts";

/** Where rows and steps go that can never be stored; a stream DEAD listens. */
export const deadSinkSubject = "dead.sink";

const backoffFirstMs = 250;
const backoffMaxMs = 30_000;

/** After this silence the log is asked whether there really is nothing. */
const idleMs = 10_000;

/** Chars of a refused row that its dead letter keeps. */
const deadRowCharsMax = 256 * 1024;

export type SinkStatus = {
  state: "starting" | "running" | "away";
  /** All steps of the log up to this sequence are in ClickHouse. */
  position: number;
  /** The log's newest step that the sink has heard of. */
  logSeq: number;
  /** Rows stored since this process began, and rows given up as dead letters. */
  rows: number;
  deadLetters: number;
  lastError: string;
};

export type SinkOptions = {
  engine: Engine;
  nats: NatsConnection;
  /** Brings the database up to date and tells its identity; repeated until it succeeds. */
  prepare(): Promise<string>;
  log: Logger;
  /** Called when the status has changed. */
  changed(status: SinkStatus): void;
};

export class Sink {
  status: SinkStatus = {
    state: "starting",
    position: 0,
    logSeq: 0,
    rows: 0,
    deadLetters: 0,
    lastError: "",
  };
  #options: SinkOptions;
  #js: JetStreamClient;
  #writer: BlockWriter;
  #identities = new AlertIdentities();
  #stopping = new AbortController();
  #reader: StepReader | null = null;
  #backoffMs = backoffFirstMs;

  constructor(options: SinkOptions) {
    this.#options = options;
    this.#js = jetstream(options.nats);
    this.#writer = new BlockWriter(options.engine);
  }

  /** Resolves after `stop`. */
  async run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#session();
      } catch (error) {
        if (this.#stopping.signal.aborted) break;
        await this.#waitAfter(error);
      }
    }
  }

  /** Ends after the block that is being written. */
  stop(): void {
    this.#stopping.abort();
    this.#reader?.close();
  }

  async #waitAfter(error: unknown): Promise<void> {
    const waitMs = this.#backoffMs;
    this.#backoffMs = Math.min(waitMs * 2, backoffMaxMs);
    const lastError = error instanceof Error ? error.message : String(error);
    this.#update({ state: "away", lastError });
    this.#options.log.warn({ err: lastError, waitMs }, "the sink waits and tries again");
    await sleep(waitMs, undefined, { signal: this.#stopping.signal }).catch(() => {});
  }

  async #session(): Promise<void> {
    const database = await this.#options.prepare();
    const { info, position } = await this.#openLog(database);
    const saved = await position.load();
    const repeat = saved !== null && !saved.done && saved.last >= info.first ? saved : null;
    const from = repeat?.first ?? (saved === null ? 1 : saved.last + 1);
    this.#update({ position: from - 1, logSeq: info.last });
    const reader = await StepReader.open(this.#js, from);
    this.#reader = reader;
    try {
      let last = repeat?.last ?? null;
      while (!this.#stopping.signal.aborted) {
        const range = await reader.nextRange(idleMs, last);
        if (range === null) {
          if (!(await this.#caughtUp())) return;
          continue;
        }
        await this.#store(range, position, info.createdMs, last !== null);
        last = null;
      }
    } finally {
      this.#reader = null;
      reader.close();
    }
  }

  async #openLog(database: string): Promise<{
    info: { createdMs: number; first: number; last: number };
    position: SinkPosition;
  }> {
    const manager = await this.#js.jetstreamManager();
    const { created, state } = await manager.streams.info(streamNames.steps);
    const info = { createdMs: Date.parse(created), first: state.first_seq, last: state.last_seq };
    const scope = { database, logCreatedMs: info.createdMs };
    return { info, position: await SinkPosition.open(this.#js, scope) };
  }

  /** False when the log has more than its reader was sent: the reading has to begin anew. */
  async #caughtUp(): Promise<boolean> {
    const manager = await this.#js.jetstreamManager();
    const { state } = await manager.streams.info(streamNames.steps);
    const caughtUp = state.last_seq <= this.status.position;
    this.#update({ logSeq: state.last_seq, ...(caughtUp ? { state: "running" } : {}) });
    return caughtUp;
  }

  async #store(
    range: StepRange,
    position: SinkPosition,
    logCreatedMs: number,
    repeated: boolean,
  ): Promise<void> {
    const { first, last } = range;
    const rows = await this.#rowsOf(range.steps);
    const count = countRows(rows);
    if (count > 0 && !repeated) await position.save({ first, last, done: false });
    const block = { first, last, rows, logCreatedMs, repeated };
    const refused = count > 0 ? await this.#writer.write(block) : [];
    await this.#bury(refused, range.unreadable);
    await position.save({ first, last, done: true });
    this.#backoffMs = backoffFirstMs;
    this.#update({
      state: "running",
      position: last,
      logSeq: last + range.pending,
      rows: this.status.rows + count - refused.length,
      deadLetters: this.status.deadLetters + refused.length + range.unreadable.length,
      lastError: "",
    });
  }

  async #rowsOf(steps: StepMessage[]): Promise<Rows> {
    const identities = this.#identities;
    const missing = strangers(steps, (fingerprint) => identities.has(fingerprint));
    const stored = await lookUp(this.#options.engine, missing);
    const rows = noRows();
    const memory = {
      get: (fingerprint: string) => identities.get(fingerprint) ?? stored.get(fingerprint),
      learn: identities.learn.bind(identities),
    };
    for (const [fingerprint, identity] of stored) memory.learn(fingerprint, identity);
    for (const step of steps) addRows(rows, step, memory);
    return withoutOldStates(rows);
  }

  /** Puts what can never be stored where people can look at it; the same again changes nothing. */
  async #bury(refused: RefusedRow[], unreadable: UnreadableStep[]): Promise<void> {
    for (const { table, row, error } of refused) {
      const { step_seq: seq, idx } = row;
      const text = JSON.stringify(row).slice(0, deadRowCharsMax);
      await this.#publishDead(`${table}.${String(seq ?? row["id"])}.${String(idx)}`, {
        ...{ step_seq: seq, idx, table, error, row: text },
      });
    }
    for (const { seq, subject, error } of unreadable) {
      await this.#publishDead(`step.${seq}`, { step_seq: seq, subject, error });
    }
  }

  async #publishDead(id: string, letter: Record<string, unknown>): Promise<void> {
    this.#options.log.error(
      { ...letter, row: undefined },
      "ClickHouse cannot store this; it is kept on the stream DEAD",
    );
    await this.#js.publish(deadSinkSubject, JSON.stringify(letter), { msgID: `sink.${id}` });
  }

  #update(change: Partial<SinkStatus>): void {
    this.status = { ...this.status, ...change };
    this.#options.changed(this.status);
  }
}
