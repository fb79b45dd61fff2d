/**
 * When the repeats of an alert are told of. An early first roll-up shows soon that an alert goes
 * on, at the price of a row and of its way through both stages, some 30 µs of processor in all. In
 * a partition with many alerts that is seconds of work which fall due at once, so there an alert
 * that begins waits for the longest interval from the start. What it waits for is fixed when it
 * begins; how many alerts fire is of the log, so a replay finds the same.
 */
import type { RollupPolicy } from "../actors/alert/alert.ts";
import type { DedupConfig } from "../actors/alert/config.ts";

/** With so many firing alerts in the partition, first roll-ups are not early any more. */
export const earlyRollupAlertsMax = 10_000;

export class RollupPolicies {
  readonly #early: RollupPolicy;
  readonly #late: RollupPolicy;

  constructor({ rollupFirstMs, rollupMaxMs }: DedupConfig) {
    this.#early = { firstMs: rollupFirstMs, maxMs: rollupMaxMs };
    this.#late = { firstMs: rollupMaxMs, maxMs: rollupMaxMs };
  }

  /** For an alert that begins while `firing` others fire. */
  at(firing: number): RollupPolicy {
    return firing < earlyRollupAlertsMax ? this.#early : this.#late;
  }
}
