/**
 * Keeps the logs from growing for ever: steps that a snapshot covers, that ClickHouse holds and
 * that are older than the retention go; so do the markers of deleted keys.
 *
 * A full step log would stop all processing, so that the retention gives way to its size: beyond
 * `stepsFilledMax` of what the log may hold, the oldest go however young they are.
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
/** A log of 16 GiB fills in half an hour at best: half of it is room for many sweeps. */
const sweepEveryMs = 60_000;
const stepsFilledMax = 0.5;
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

/** One sweep of the step log. */
export async function sweepSteps(options: JanitorOptions, jsm: JetStreamManager): Promise<void> {
  const { link, covered, sunkSeq } = options;
  const dispensableSeq = Math.max(
    await seqOfRetention(options, jsm),
    await link.request(() => seqOfSize(jsm)),
  );
  for (const { stage, partition, stepSeq } of covered()) {
    const before = Math.min(dispensableSeq, stepSeq, sunkSeq());
    if (before <= 1) continue;
    const filter = stepSubject(stage, partition);
    await link.request(() => jsm.streams.purge(streamNames.steps, { filter, seq: before }));
  }
}

/** The first step that is younger than the retention; 0: there is none. */
async function seqOfRetention(options: JanitorOptions, jsm: JetStreamManager): Promise<number> {
  const { link, clock, stepRetentionMs } = options;
  const since = new Date(clock.nowMs() - stepRetentionMs);
  const young = await link.request(() =>
    jsm.direct.getMessage(streamNames.steps, { start_time: since }),
  );
  return young?.seq ?? 0;
}

/** The step before which the log has to go to be filled no more than it may; 0: it is not. */
async function seqOfSize(jsm: JetStreamManager): Promise<number> {
  const { config, state } = await jsm.streams.info(streamNames.steps);
  const bytesMax = config.max_bytes * stepsFilledMax;
  if (config.max_bytes <= 0 || state.bytes <= bytesMax) return 0;
  const excess = 1 - bytesMax / state.bytes;
  return state.first_seq + Math.ceil((state.last_seq - state.first_seq) * excess);
}

async function sweepDeletedKeys(link: NatsLink): Promise<void> {
  const kvm = new Kvm(link.connection);
  for (const name of [bucketNames.timers, bucketNames.incidents]) {
    const kv = await kvm.open(name);
    if (kv instanceof Bucket) await link.request(() => kv.purgeDeletes(deletedKeysAgeMs));
  }
}
