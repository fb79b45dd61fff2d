import { endpointChecks } from "../endpoint-checks.ts";
import { failedCheck } from "../result/verdict.ts";
import type { Scenario } from "../scenario.ts";

const perSecond = 320;

/** No latency threshold: it shall tell broken from working on any machine. */
export const smoke: Scenario = {
  name: "smoke",
  question: "does every family of endpoints answer as documented, with a little load beside?",
  seconds: 3,
  needsRate: false,
  async run(ground) {
    const load = ground.run(ground.alerts("smoke", perSecond, ground.seconds));
    ground.expect(...(await endpointChecks(ground.target)));
    const record = await load;
    ground.show(record);
    ground.expect(failedCheck(record));
  },
};
