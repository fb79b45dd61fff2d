/** What a bench is to its runner, and what it measures. */
import type { Contender } from "./contenders.ts";

export type Measurement = {
  /** Stable name, e.g. "ingest/64 new x32/tocsin"; old and new runs are matched by it. */
  name: string;
  value: number;
  unit: string;
  /** Whether a greater value is the better one. */
  better: "more" | "less";
  /** Further figures of the same runs, shown but not compared. */
  note?: string;
  /** The note's figures by name, for readers of the JSON. */
  figures?: Record<string, number>;
};

export type BenchSettings = {
  seed: number;
  rounds: number;
  /** Measured time per round. */
  roundMs: number;
  warmUpMs: number;
  /** Only whether it runs: benches leave out sizes that take minutes to set up. */
  quick: boolean;
  /** Distinct alerts for memory and restart. */
  fingerprints: number;
  /** Only cases whose name holds this text. */
  match: string;
  tocsin: Contender;
  /** Null: not on this machine; benches say that they skip it. */
  alertmanager: Contender | null;
  say(line: string): void;
};

export type Bench = {
  name: string;
  question: string;
  run(settings: BenchSettings): Promise<Measurement[]>;
};

/** The middle value; of two middles the lower one. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

/** The value that this share of them does not exceed. @param sorted in ascending order. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  const at = Math.min(sorted.length - 1, Math.floor(sorted.length * share));
  return sorted[at] ?? 0;
}
