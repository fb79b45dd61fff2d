/**
 * A work queue without a server, for tests of what a worker decides. Retries are written down,
 * not carried out: a test hands the job out again itself.
 */
import type { Notification } from "../actors/incident/types.ts";
import type { Job, WorkQueue } from "../channels/work-queue.ts";
import { codec } from "../streams/codec.ts";

export class MemoryQueue implements WorkQueue {
  /** "ack <id>", "retry <id> <delayMs>", "giveUp <id> <reason>", in order. */
  outcomes: string[] = [];
  #ready: Job[] = [];
  #waiting: ((job: Job | null) => void) | null = null;
  #closed = false;

  put(value: unknown, attempt = 1, ack: () => Promise<void> = async () => {}): void {
    const id = (value as Notification).id ?? "?";
    const job: Job = {
      data: value instanceof Uint8Array ? value : codec.encode(value),
      attempt,
      seq: 1,
      ack: async () => {
        await ack();
        this.outcomes.push(`ack ${id}`);
      },
      retry: (delayMs) => void this.outcomes.push(`retry ${id} ${delayMs}`),
      giveUp: async (reason) => void this.outcomes.push(`giveUp ${id} ${reason}`),
      keepAlive: () => {},
    };
    if (this.#waiting === null) this.#ready.push(job);
    else this.#waiting(job);
  }

  async next(): Promise<Job | null> {
    const job = this.#ready.shift();
    if (job !== undefined) return job;
    if (this.#closed) return null;
    return new Promise((resolve) => {
      this.#waiting = (one) => {
        this.#waiting = null;
        resolve(one);
      };
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting?.(null);
  }
}
