/** Every scenario, in the order in which they run. */
import type { Scenario } from "../scenario.ts";
import { breakpoint } from "./breakpoint.ts";
import { mixed } from "./mixed.ts";
import { slow } from "./slow.ts";
import { smoke } from "./smoke.ts";
import { soak } from "./soak.ts";
import { spike } from "./spike.ts";
import { steady } from "./steady.ts";

export const scenarios: Scenario[] = [smoke, steady, spike, mixed, slow, breakpoint, soak];
/** Without names: all but the one that takes long. */
export const byDefault: Scenario[] = scenarios.filter((scenario) => scenario !== soak);
