import { steadyChecks } from "../result/verdict.ts";
import type { Scenario } from "../scenario.ts";

export const steady: Scenario = {
  name: "steady",
  question: "does it hold a constant rate, with low latency and without a growing backlog?",
  seconds: 30,
  needsRate: true,
  async run(ground) {
    const record = await ground.run(ground.alerts("steady", ground.settings.rate, ground.seconds));
    ground.show(record);
    ground.expect(...steadyChecks(record, ground.settings.limits));
  },
};
