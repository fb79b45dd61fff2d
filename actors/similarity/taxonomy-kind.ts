/** One category of the taxonomy. */

export type Kind = {
  /** 10: what causes, to 90: what follows. */
  rank: number;
  /** Phrases between commas. Of several that match the one with most words counts. */
  phrases: string;
  /** Phrases that count only where none of any category's `phrases` was found. */
  hints: string;
};

export function kind(rank: number, phrases: string, hints = ""): Kind {
  return { rank, phrases, hints };
}
