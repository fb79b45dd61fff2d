/**
 * How far the sink has got, in the log's own store. Before a block is inserted its range is
 * written down; after it, that it is done. A crash in between leaves the exact range to repeat.
 *
 * The record belongs to one database and one log: with another of either, it says nothing.
 * Every write carries the revision it follows, so of two sinks at work one is refused.
 */
import type { JetStreamClient } from "@nats-io/jetstream";
import { Kvm, type KV } from "@nats-io/kv";
import { bucketNames } from "../subjects.ts";

const key = "sink.range";

/** Stream sequences of STEPS, both included. */
export type SinkRange = { first: number; last: number };

export type SinkRecord = SinkRange & { done: boolean };

/** The database's identity, and when the stream was created (it restarts at 1 when recreated). */
export type SinkScope = { database: string; logCreatedMs: number };

export class SinkPosition {
  #kv: KV;
  #scope: SinkScope;
  #revision = 0;

  constructor(kv: KV, scope: SinkScope) {
    this.#kv = kv;
    this.#scope = scope;
  }

  /** @throws when the bucket does not exist yet. */
  static async open(js: JetStreamClient, scope: SinkScope): Promise<SinkPosition> {
    return new SinkPosition(await new Kvm(js).open(bucketNames.meta), scope);
  }

  /** Null: nothing of this log is in this database. */
  async load(): Promise<SinkRecord | null> {
    const entry = await this.#kv.get(key);
    this.#revision = entry?.revision ?? 0;
    if (entry === null || entry.operation !== "PUT") return null;
    const stored = entry.json<SinkRecord & SinkScope>();
    const { database, logCreatedMs } = this.#scope;
    if (stored.database !== database || stored.logCreatedMs !== logCreatedMs) return null;
    return { first: stored.first, last: stored.last, done: stored.done };
  }

  /** @throws when somebody else has written since, or the store is away; load again then. */
  async save(record: SinkRecord): Promise<void> {
    const value = JSON.stringify({ ...record, ...this.#scope });
    this.#revision =
      this.#revision === 0
        ? await this.#kv.create(key, value)
        : await this.#kv.update(key, value, this.#revision);
  }
}
