/** What the server says about itself, in one look: its metrics and its status. */
import { urlOf } from "../target.ts";
import type { Target } from "../target.ts";
import { serverCounters } from "./server-counters.ts";
import type { ServerCounters } from "./server-counters.ts";

const lookWithinMs = 3_000;

/** Null: no answer, or not in time; an overloaded server may be slow to speak about itself. */
export async function look(target: Target): Promise<ServerCounters | null> {
  const base = urlOf(target);
  const signal = AbortSignal.timeout(lookWithinMs);
  try {
    const [metrics, status] = await Promise.all([
      fetch(`${base}/metrics`, { signal }).then((answer) => answer.text()),
      fetch(`${base}/v1/status`, { signal }).then((answer) => answer.json()),
    ]);
    return serverCounters(metrics, status);
  } catch {
    return null;
  }
}
