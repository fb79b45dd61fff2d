/**
 * A stage is the family of actors of one partition: everything that one ordered input subject
 * drives, in one memory. The partition processor feeds it; it never sees a clock or the network.
 *
 * S1 Deterministic: the same records in the same order give the same outputs, however they were
 *    batched into steps (I4).
 * S2 Before a record of time T is applied, the processor calls `advance(T)`, and the stage
 *    fires all deadlines strictly before T, ordered by (deadline, id). A record that
 *    arrives exactly at a deadline is thus still inside the window.
 * S3 `restore(snapshot())` gives a stage that behaves identically from there on.
 */
export type RecordPosition = { seq: number; timeMs: number };

export interface Stage<Output> {
  /** Applies one record of the input subject. A record it cannot decode throws. */
  apply(data: Uint8Array, at: RecordPosition, emit: (output: Output) => void): void;
  advance(toMs: number, emit: (output: Output) => void): void;
  /** The soonest deadline of any actor; null when nothing waits. */
  nextWakeAtMs(): number | null;
  /** Plain data for the codec. */
  snapshot(): unknown;
  restore(snapshot: unknown): void;
}
