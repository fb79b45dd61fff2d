/**
 * The alert frame: how ingress hands many alerts of one dedup partition to the log at once.
 * Fixed-width little-endian heads and raw payload bytes, so that a reader can count a repeat
 * without building an object (design, section 5).
 *
 *   frame   u8 0xF1 | u8 version 1 | u16 0 | u32 records | f64 receivedAtMs | records…
 *   record  u32 payloadBytes | u32 flags | u32 fingerprintHigh | u32 fingerprintLow
 *           | u32 contentHash | u32 count | f64 startsAtMs | f64 endsAtMs | payload
 *
 * The payload is the alert's JSON object as the sender wrote it (native schema), except in a
 * rejection record (flag 2), where it is {"reason","detail"} and `count` alerts were rejected,
 * and in a record with flag 4, which has none: an alert whose labels and content are, byte for
 * byte, those of a record that is durable in the same partition since `contentFreshMs` at most.
 * The dedup stage keeps every content for `contentKeepMs` after it was last of use, so it can
 * always look up what such a record refers to. Repeats are most of a firehose; without their
 * payload they are a fourteenth of the bytes that log and shard have to move.
 */
export const frameMagic = 0xf1;
export const frameVersion = 1;
export const frameHeadBytes = 16;
export const recordHeadBytes = 40;

export const frameFlags = {
  /** The sender gave no end time: endsAtMs is receivedAtMs + the resolve timeout. */
  endsByTimeout: 1,
  rejection: 2,
  contentKnown: 4,
} as const;

/** How long ingress may refer to a content after sending it, ms of its own clock. */
export const contentFreshMs = 5 * 60_000;
/** How long the dedup stage keeps the content of an ended alert, ms of log time. */
export const contentKeepMs = 2 * contentFreshMs;
