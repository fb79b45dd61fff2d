/**
 * Dispatching over NATS: reads are requests to the owners of incident partitions; a silence is a
 * record in the input of each of them.
 */
import type { NatsConnection } from "@nats-io/nats-core";
import type { Silence } from "../actors/dispatch/types.ts";
import type { Matcher } from "../actors/incident/types.ts";
import {
  type AlertDispatch,
  type DispatchAnswer,
  type DispatchMemory,
  type DispatchQuery,
  answerDispatch,
  fingerprintsMax,
} from "../runtime/dispatch-reads.ts";
import type { ListedAlert } from "../runtime/alert-list.ts";
import type { Log } from "../runtime/ports.ts";
import type { DispatchService } from "../runtime/services.ts";
import type { WorkRecord } from "../runtime/work.ts";
import { askAll } from "./broadcast.ts";
import { codec } from "./codec.ts";
import { answerOwned, askOwner } from "./owner-request.ts";
import { dispatchQuerySubject, workSubject } from "./subjects.ts";

type Answer<Kind> = Extract<DispatchAnswer, { kind: Kind }>;

/** @param memory null while the partition recovers. */
export function answerDispatchQueries(
  connection: NatsConnection,
  partition: number,
  memory: () => DispatchMemory | null,
): void {
  answerOwned(connection, dispatchQuerySubject(partition), memory, answerDispatch);
}

export class DispatchClient implements DispatchService {
  readonly #connection: NatsConnection;
  readonly #log: Log;
  readonly #partitions: number;
  readonly #partitionOf: (domain: string) => number;

  /** @param partitionOf the incident partition of a correlation domain. */
  constructor(
    connection: NatsConnection,
    log: Log,
    partitions: number,
    partitionOf: (domain: string) => number,
  ) {
    this.#connection = connection;
    this.#log = log;
    this.#partitions = partitions;
    this.#partitionOf = partitionOf;
  }

  async alerts(
    alerts: readonly { fingerprint: string; domain: string }[],
  ): Promise<Map<string, AlertDispatch["status"]>> {
    const byPartition = new Map<number, string[]>();
    for (const { fingerprint, domain } of alerts) {
      const partition = this.#partitionOf(domain);
      const known = byPartition.get(partition);
      if (known === undefined) byPartition.set(partition, [fingerprint]);
      else known.push(fingerprint);
    }
    const found = new Map<string, AlertDispatch["status"]>();
    const ask = async (partition: number, fingerprints: string[]): Promise<void> => {
      for (let at = 0; at < fingerprints.length; ) {
        const some = fingerprints.slice(at, at + fingerprintsMax);
        const answer = await this.#ask(partition, { kind: "alerts", fingerprints: some });
        for (const { fingerprint, status } of answer.alerts) found.set(fingerprint, status);
        at += Math.max(1, answer.looked);
      }
    };
    await Promise.all([...byPartition].map(([partition, those]) => ask(partition, those)));
    return found;
  }

  async routedForMs(): Promise<number | null> {
    const partitions = Array.from({ length: this.#partitions }, (_, index) => index);
    const answers = await Promise.all(
      partitions.map((partition) => this.#ask(partition, { kind: "since" })),
    );
    const ago = answers.map(({ agoMs }) => agoMs);
    return ago.includes(null) ? null : Math.min(...ago.map((ms) => ms ?? 0));
  }

  async takeOver(alerts: readonly ListedAlert[]): Promise<void> {
    for (const alert of alerts) {
      const { fingerprint, labels, annotations, generatorURL, dedupKey } = alert;
      const { startsAtMs, endsAtMs } = alert;
      const body = { labels, annotations, generatorURL, dedupKey };
      const record: WorkRecord = {
        kind: "overlooked",
        alerts: [{ fingerprint, body, startsAtMs, endsAtMs }],
      };
      await this.#log.append(workSubject(this.#partitionOf(alert.domain)), codec.encode(record));
    }
  }

  /** All partitions have the same silences: the first one is asked. */
  async silences(): Promise<Silence[]> {
    const silences: Silence[] = [];
    for (let after: string | null = ""; after !== null; ) {
      const answer: Answer<"silences"> = await this.#ask(0, { kind: "silences", after });
      silences.push(...answer.silences);
      after = answer.next;
    }
    return silences;
  }

  async silence(id: string): Promise<Silence | null> {
    return (await this.#ask(0, { kind: "silence", id })).silence;
  }

  /** A second try costs nothing, as the same state twice is one; a second request would not be. */
  async keepSilence(silence: Silence): Promise<boolean> {
    try {
      return await this.#keepOnce(silence);
    } catch {
      return this.#keepOnce(silence);
    }
  }

  async #keepOnce(silence: Silence): Promise<boolean> {
    const broadcast = {
      connection: this.#connection,
      log: this.#log,
      partitions: this.#partitions,
    };
    const record = (replyTo: string): WorkRecord => ({ kind: "silence", silence, replyTo });
    const unknown = "whether the silence is in force is unknown";
    return (await askAll<{ taken: boolean }>(broadcast, record, unknown)).taken;
  }

  async wouldMute(matchers: Matcher[]): Promise<{ muted: number; of: number }> {
    const partitions = Array.from({ length: this.#partitions }, (_, index) => index);
    const query = { kind: "wouldMute", matchers } as const;
    const answers = await Promise.all(partitions.map((partition) => this.#ask(partition, query)));
    const sum = (counts: number[]): number => counts.reduce((total, count) => total + count, 0);
    return { muted: sum(answers.map((one) => one.muted)), of: sum(answers.map((one) => one.of)) };
  }

  #ask<Query extends DispatchQuery>(
    partition: number,
    query: Query,
  ): Promise<Answer<Query["kind"]>> {
    const subject = dispatchQuerySubject(partition);
    return askOwner(this.#connection, subject, `incident partition ${partition}`, query);
  }
}
