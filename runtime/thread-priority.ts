/**
 * Which work goes first when the cores do not suffice: accepting alerts (the main thread and
 * nats-server), then working on them, then the rows that tell of it. What is accepted is durable
 * and waits in the log; what is refused may be lost by its sender; and for a page somebody waits,
 * for a row of ClickHouse nobody does. Without contention this changes nothing.
 */
import { readlinkSync } from "node:fs";
import { setPriority } from "node:os";

/**
 * What works on accepted alerts has about a ninth of the weight of accepting. Analytics has a third
 * of that: a merge of ClickHouse takes a core for as long as it lasts, and with equal weight it
 * took half of a shard's.
 */
const nicenesses = { shard: 10, analytics: 15 } as const;

/**
 * Lets a process, or a thread, yield to others. On Linux each thread has a priority of its own,
 * which those that it starts inherit, and is named by a number as processes are.
 * @param id null: nothing happens. Neither does it where a sandbox forbids it: all are equal then.
 */
export function yieldToOthers(id: number | null, as: keyof typeof nicenesses): void {
  if (id === null) return;
  try {
    setPriority(id, nicenesses[as]);
  } catch {
    // As it was.
  }
}

/** The calling thread's number; null where threads have none. */
export function ownThreadId(): number | null {
  try {
    return Number(readlinkSync("/proc/thread-self").split("/").at(-1));
  } catch {
    return null;
  }
}
