/** A record for the input of every incident partition, and the answer of the first one. */
import { type NatsConnection, createInbox } from "@nats-io/nats-core";
import { RetryableError } from "../runtime/errors.ts";
import type { Log } from "../runtime/ports.ts";
import type { WorkRecord } from "../runtime/work.ts";
import { codec } from "./codec.ts";
import { workSubject } from "./subjects.ts";

const answerTimeoutMs = 10_000;

export type Broadcast = {
  connection: NatsConnection;
  log: Log;
  /** Of the incident stage. */
  partitions: number;
};

/** Resolves when it is durable for all of them. @throws RetryableError; some may have it then. */
export async function tellAll(
  { log, partitions }: Pick<Broadcast, "log" | "partitions">,
  record: WorkRecord,
): Promise<void> {
  const data = codec.encode(record);
  const all = Array.from({ length: partitions }, (_, partition) => partition);
  await Promise.all(all.map((partition) => log.append(workSubject(partition), data)));
}

/**
 * Partition 0, which is asked for what all of them have, comes first: what is in force anywhere
 * can be seen, and ended, whatever becomes of the rest.
 * @param record with the subject that the answer goes to; "": nobody waits for it.
 * @param unknown what is not known when no answer comes.
 * @throws RetryableError; some of the partitions may have it then.
 */
export async function askAll<Answer>(
  { connection, log, partitions }: Broadcast,
  record: (replyTo: string) => WorkRecord,
  unknown: string,
): Promise<Answer> {
  const inbox = createInbox();
  const answers = connection.subscribe(inbox, { max: 1, timeout: answerTimeoutMs });
  const answered = (async (): Promise<Answer> => {
    for await (const message of answers) return codec.decode(message.data) as Answer;
    throw new Error("the subscription ended");
  })();
  // An append that fails leaves this promise unobserved; its time-out must not surface.
  answered.catch(() => undefined);
  try {
    await log.append(workSubject(0), codec.encode(record(inbox)));
    const data = codec.encode(record(""));
    const others = Array.from({ length: partitions - 1 }, (_, index) => index + 1);
    await Promise.all(others.map((partition) => log.append(workSubject(partition), data)));
    return await answered;
  } catch (cause) {
    if (cause instanceof RetryableError) throw cause;
    throw new RetryableError(unknown, { cause, retryAfterMs: 1_000 });
  } finally {
    answers.unsubscribe();
  }
}
