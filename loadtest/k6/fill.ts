/** Makes the population known. */
import { fillPhases } from "./phases.ts";
import { script } from "./script.ts";

export const { options, setup, teardown, fill } = script(fillPhases);
