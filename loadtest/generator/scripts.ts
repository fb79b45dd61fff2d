/** The scripts under k6/, by what they are for. */
import * as phases from "../k6/phases.ts";
import type { Script } from "./script-run.ts";

export const scripts = {
  smoke: { file: "smoke.ts", plan: phases.smokePhases },
  steady: { file: "steady.ts", plan: phases.steadyPhases },
  spike: { file: "spike.ts", plan: phases.spikePhases },
  mixed: { file: "mixed.ts", plan: phases.mixedPhases },
  slow: { file: "slow.ts", plan: phases.slowPhases },
  soak: { file: "soak.ts", plan: phases.soakPhases },
  level: { file: "level.ts", plan: phases.levelPhases },
  overload: { file: "overload.ts", plan: phases.overloadPhases },
  fill: { file: "fill.ts", plan: phases.fillPhases },
  burst: { file: "burst.ts", plan: phases.burstPhases },
} satisfies Record<string, Script>;
