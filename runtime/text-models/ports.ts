/** What is asked of models that read texts, whoever runs them. */

/** A vector per text, in order, each of length 1 (or 0, for a text without any feature). */
export type Embedded = { vectors: Float32Array[]; tokens: number | null };

export interface TextEmbedder {
  /**
   * @param texts at least one, at most `textsPerCallMax`.
   * @returns the vectors, all of one length, and the tokens used, where the model says so.
   * @throws RetryableError | TerminalError without secrets.
   */
  embed(texts: string[], signal: AbortSignal): Promise<Embedded>;
  close(): Promise<void>;
}

export const textsPerCallMax = 32;

/** An incident as a classifier reads it; the text is masked and bounded, the service in it. */
export type ReadIncident = { severity: string; text: string };

export type Verdict = {
  same: boolean;
  /** 0 to 1. */
  confidence: number;
  /** Why, in one sentence for a person. */
  sentence: string;
};

export type Judged = { verdict: Verdict; tokens: number | null };

export interface PairClassifier {
  /** @throws RetryableError | TerminalError without secrets. */
  judge(older: ReadIncident, younger: ReadIncident, signal: AbortSignal): Promise<Judged>;
}
