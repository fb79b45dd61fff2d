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
 * rejection record (flag 2), where it is {"reason","detail"} and `count` alerts were rejected.
 */
export const frameMagic = 0xf1;
export const frameVersion = 1;
export const frameHeadBytes = 16;
export const recordHeadBytes = 40;

export const frameFlags = {
  /** The sender gave no end time: endsAtMs is receivedAtMs + the resolve timeout. */
  endsByTimeout: 1,
  rejection: 2,
} as const;
