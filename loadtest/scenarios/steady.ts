import { scripts } from "../generator/scripts.ts";
import type { Scenario } from "../scenario.ts";

export const steady: Scenario = {
  name: "steady",
  question: "does it hold a constant rate, with low latency and without a growing backlog?",
  seconds: 30,
  needsRate: true,
  async run(ground) {
    const load = ground.start(scripts.steady);
    ground.show(...load.records);
    ground.expect(...(await load.ended));
  },
};
