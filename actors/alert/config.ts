/** What the dedup stage needs of the configuration; it travels through the log (I11). */
export type DedupConfig = {
  hash: string;
  /** Waits before repeats of one alert are rolled up into an event: doubling from first to max. */
  rollupFirstMs: number;
  rollupMaxMs: number;
  /**
   * Labels whose values form the correlation domain. Each entry lists synonyms, the first
   * label present counts; an absent one reads as "default".
   */
  domainBy: string[][];
};
