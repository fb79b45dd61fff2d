export type EscalationLevel = {
  /** Wait before this level is told, in ms after the level before it (first: after opening). */
  afterMs: number;
  /** Names of receivers; told in this order. */
  receivers: string[];
};

export type EscalationPolicy = {
  name: string;
  levels: EscalationLevel[];
  /** Further rounds through all levels after the first; 0: one round. */
  repeats: number;
  /** Wait between the last level and the next round's first, in ms. */
  repeatAfterMs: number;
};
