/** As much as the door takes, over a few connections: a measure of the machine, not a test. */
import { burstPhases } from "./phases.ts";
import { script } from "./script.ts";

export const { options, setup, teardown, burst } = script(burstPhases);
