/**
 * What the delivery worker needs of a durable work queue. streams/outbox.ts satisfies it over
 * JetStream; the composition root joins the two, as neither folder imports the other.
 */
export interface Job {
  /** A codec-encoded Notification or GroupNotification. */
  data: Uint8Array;
  /** How often this job was handed out, this time included; from 1. */
  attempt: number;
  /** Where the job is stored, for log lines. */
  seq: number;
  /** Done: resolves once the queue has forgotten the job; @throws RetryableError if unknown. */
  ack(): Promise<void>;
  /** Hands the job out again after `delayMs`; 0: at once. */
  retry(delayMs: number): void;
  /** Removes the job undone; `reason` is one line for the queue's own records. */
  giveUp(reason: string): Promise<void>;
  /** Postpones the moment at which the queue takes a held job for lost. */
  keepAlive(): void;
}

export interface WorkQueue {
  /** The next job; waits for one. Null once closed. */
  next(): Promise<Job | null>;
  /** Ends `next`; jobs already handed out can still be acknowledged. */
  close(): Promise<void>;
}
