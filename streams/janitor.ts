/**
 * Keeps the logs from growing for ever: steps that a snapshot covers, that ClickHouse holds and
 * that are older than the retention go; so do the markers of deleted keys.
 */
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { Bucket, Kvm } from "@nats-io/kv";
import type { Clock, Logger } from "../runtime/ports.ts";
import type { StageName } from "../runtime/step.ts";
import type { NatsLink } from "./nats-link.ts";
import { bucketNames, stepSubject, streamNames } from "./subjects.ts";

export type JanitorOptions = {
  link: NatsLink;
  clock: Clock;
  logger: Logger;
  /** Steps younger than this stay, for replay and for a look at what happened; ms. */
  stepRetentionMs: number;
  /** The newest step that each partition's snapshot covers, as far as known. */
  covered(): { stage: StageName; partition: number; stepSeq: number }[];
  /** The newest step-log sequence that ClickHouse holds. */
  sunkSeq(): number;
};

export const stepRetentionMsDefault = 7 * 24 * 3_600_000;
const sweepEveryMs = 10 * 60_000;
const deletedKeysAgeMs = 30 * 60_000;

/** Sweeps now and then until the signal is aborted; a failed sweep is repeated at the next. */
export async function keepTidy(options: JanitorOptions, signal: AbortSignal): Promise<void> {
  const { clock, logger, link } = options;
  const jsm = await jetstreamManager(link.connection, { checkAPI: false });
  while (!signal.aborted) {
    await clock.sleep(sweepEveryMs, signal);
    if (signal.aborted) return;
    try {
      await sweepSteps(options, jsm);
      await sweepDeletedKeys(link);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      logger.warn({ error: message }, "clearing old records failed; trying again later");
    }
  }
}

async function sweepSteps(options: JanitorOptions, jsm: JetStreamManager): Promise<void> {
  const { link, clock, stepRetentionMs, covered, sunkSeq } = options;
  const since = new Date(clock.nowMs() - stepRetentionMs);
  const young = await link.request(() =>
    jsm.direct.getMessage(streamNames.steps, { start_time: since }),
  );
  if (young === null) return;
  for (const { stage, partition, stepSeq } of covered()) {
    const before = Math.min(young.seq, stepSeq, sunkSeq());
    if (before <= 1) continue;
    const filter = stepSubject(stage, partition);
    await link.request(() => jsm.streams.purge(streamNames.steps, { filter, seq: before }));
  }
}

async function sweepDeletedKeys(link: NatsLink): Promise<void> {
  const kvm = new Kvm(link.connection);
  for (const name of [bucketNames.timers, bucketNames.incidents]) {
    const kv = await kvm.open(name);
    if (kv instanceof Bucket) await link.request(() => kv.purgeDeletes(deletedKeysAgeMs));
  }
}
