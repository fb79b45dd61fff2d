/** A read, as a request over core NATS to the shard that owns the partition. */
import type { NatsConnection } from "@nats-io/nats-core";
import { RetryableError, TerminalError } from "../runtime/errors.ts";
import { codec } from "./codec.ts";

const timeoutMs = 5_000;

export type OwnerAnswer<Answer> =
  | Answer
  | { kind: "recovering" }
  /** The query itself is at fault, e.g. its cursor. */
  | { kind: "refused"; reason: string };

/** Serves until the connection closes. @param reads null while the partition recovers. */
export function answerOwned<Reads, Query, Answer>(
  connection: NatsConnection,
  subject: string,
  reads: () => Reads | null,
  answer: (reads: Reads, query: Query) => Answer,
): void {
  const answerOrRefuse = (data: Uint8Array): OwnerAnswer<Answer> => {
    const owned = reads();
    if (owned === null) return { kind: "recovering" };
    try {
      return answer(owned, codec.decode(data) as Query);
    } catch (error) {
      return { kind: "refused", reason: error instanceof Error ? error.message : String(error) };
    }
  };
  connection.subscribe(subject, {
    callback: (error, message) => {
      if (error !== null) return;
      // What is thrown here ends the connection of the whole shard.
      const data = codec.encode(answerOrRefuse(message.data));
      const bytesMax = connection.info?.max_payload ?? data.length;
      const reason = `an answer of ${data.length} bytes, at most ${bytesMax} fit; ask for less`;
      const refused: OwnerAnswer<Answer> = { kind: "refused", reason };
      message.respond(data.length <= bytesMax ? data : codec.encode(refused));
    },
  });
}

/**
 * @param owner as a message names it, e.g. "incident partition 3".
 * @throws RetryableError when the owner does not answer in time or is recovering; TerminalError
 * when it refuses the query.
 */
export async function askOwner<Query, Answer extends object>(
  connection: NatsConnection,
  subject: string,
  owner: string,
  query: Query,
): Promise<Answer> {
  let answer: OwnerAnswer<Answer>;
  try {
    const message = await connection.request(subject, codec.encode(query), { timeout: timeoutMs });
    answer = codec.decode(message.data) as OwnerAnswer<Answer>;
  } catch (error) {
    const text = `${owner} does not answer`;
    throw new RetryableError(text, { cause: error, retryAfterMs: 1_000 });
  }
  if ("kind" in answer && answer.kind === "recovering") {
    throw new RetryableError(`${owner} is recovering`, { retryAfterMs: 1_000 });
  }
  if ("kind" in answer && answer.kind === "refused") {
    throw new TerminalError((answer as { reason: string }).reason);
  }
  return answer as Answer;
}
