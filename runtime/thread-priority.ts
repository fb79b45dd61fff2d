/**
 * Which work goes first when the cores do not suffice: accepting alerts (the main thread and
 * nats-server) before working on them. What is accepted is durable and waits in the log; what
 * is refused may be lost by its sender. Without contention this changes nothing.
 */
import { readlinkSync } from "node:fs";
import { setPriority } from "node:os";

/** Niceness of what works on accepted alerts: about a ninth of the weight of the rest. */
const niceness = 10;

/**
 * Lets a process, or a thread, yield to others. On Linux each thread has a priority of its own,
 * which those that it starts inherit, and is named by a number as processes are.
 * @param id null: nothing happens. Neither does it where a sandbox forbids it: all are equal then.
 */
export function yieldToOthers(id: number | null): void {
  if (id === null) return;
  try {
    setPriority(id, niceness);
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
