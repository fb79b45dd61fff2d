import { endpointChecks } from "../endpoint-checks.ts";
import { scripts } from "../generator/scripts.ts";
import type { Scenario } from "../scenario.ts";

/** No latency threshold: it shall tell broken from working on any machine. */
export const smoke: Scenario = {
  name: "smoke",
  question: "does every family of endpoints answer as documented, with a little load beside?",
  seconds: 3,
  needsRate: false,
  async run(ground) {
    const load = ground.start(scripts.smoke);
    ground.show(...load.records);
    ground.expect(...(await endpointChecks(ground.target)));
    ground.expect(...(await load.ended));
  },
};
