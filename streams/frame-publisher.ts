/** The ingress's way into the log: one frame, durable when the promise resolves (I1). */
import type { Log } from "../runtime/ports.ts";
import { inputSubject } from "./subjects.ts";

export function framePublisher(log: Log): (partition: number, frame: Uint8Array) => Promise<void> {
  return async (partition, frame) => {
    await log.append(inputSubject(partition), frame);
  };
}
