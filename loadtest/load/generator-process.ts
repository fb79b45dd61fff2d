/**
 * The load generator, a process of its own: what its parent reads, samples and prints must not
 * delay a request. It ends with its parent.
 */
import { HttpClient } from "./http-client.ts";
import { PhaseRun } from "./phase-run.ts";
import type { InFlight } from "./phase-run.ts";
import type { GeneratorNews, GeneratorOrder } from "./phase.ts";

const tell = (news: GeneratorNews): void => void process.send?.(news);

let client: HttpClient | null = null;
let epochMs = 0;
const inFlight: InFlight = { now: 0, max: 1 };

process.on("message", (order: GeneratorOrder) => {
  if (order.kind === "target") {
    client = new HttpClient(order.target, order.timeoutMs);
    inFlight.max = order.connectionsMax;
    epochMs = order.epochMs;
    return;
  }
  if (client === null) throw new Error("a phase before its target");
  const { phase } = order;
  const shared = { client, inFlight, epochMs };
  const run = new PhaseRun(phase, shared, (tick) => tell({ kind: "tick", tick }));
  void run
    .run(() => tell({ kind: "over", phase: phase.name }))
    .then(() => tell({ kind: "settled", phase: phase.name }));
});
process.on("disconnect", () => process.exit());
// Ctrl-C reaches the whole foreground group; the parent decides when this ends.
process.on("SIGINT", () => {});
