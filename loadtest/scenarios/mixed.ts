import { scripts } from "../generator/scripts.ts";
import type { Scenario } from "../scenario.ts";

export const mixed: Scenario = {
  name: "mixed",
  question: "people and programs read, acknowledge and query while alerts come in: is all swift?",
  seconds: 30,
  needsRate: true,
  async run(ground) {
    const load = ground.start(scripts.mixed);
    ground.show(...load.records);
    ground.expect(...(await load.ended));
  },
};
