/**
 * A thread that reads the public stream INCIDENTS and notes when each alert's news came: the event
 * that its incident opened, reopened or was joined. It has a thread of its own, so that an event
 * does not wait for the load generator before it is noted.
 *
 * It is a subscriber like any other: an event counts when JetStream delivers it, which is after it
 * was stored. Times are milliseconds since the epoch with fractions, to compare between threads.
 */
import { parentPort, workerData } from "node:worker_threads";
import { DeliverPolicy, jetstream } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { streamNames } from "../streams/subjects.ts";

export type ListenerData = { natsUrl: string };
/** What the thread says: once when it listens, and on request what it has heard so far. */
export type ListenerMessage =
  | { kind: "listening" }
  | { kind: "heard"; fingerprints: string[]; atMs: Float64Array };

/** Other events tell of alerts that are known already. */
const kinds = ["opened", "reopened", "alertJoined"];

async function listen(port: NonNullable<typeof parentPort>): Promise<void> {
  const { natsUrl } = workerData as ListenerData;
  const connection = await connect({ servers: natsUrl });
  const consumer = await jetstream(connection).consumers.get(streamNames.incidents, {
    deliver_policy: DeliverPolicy.New,
    filter_subjects: kinds.map((kind) => `incidents.*.*.*.${kind}`),
  });
  const messages = await consumer.consume({ max_messages: 10_000 });
  let [fingerprints, times]: [string[], number[]] = [[], []];
  port.on("message", () => {
    const heard: ListenerMessage = {
      ...{ kind: "heard", fingerprints },
      atMs: Float64Array.from(times),
    };
    [fingerprints, times] = [[], []];
    port.postMessage(heard);
  });
  port.postMessage({ kind: "listening" } satisfies ListenerMessage);
  for await (const message of messages) {
    times.push(performance.timeOrigin + performance.now());
    const { data } = message.json<{ data: { detail: { fingerprint?: string } } }>();
    fingerprints.push(data.detail.fingerprint ?? "");
  }
}

if (parentPort !== null) await listen(parentPort);
