/**
 * Twice the rate, then 0.3 of it:
 *
 *     k6 run -e RATE=50000 loadtest/k6/overload.ts
 */
import { overloadPhases } from "./phases.ts";
import { script } from "./script.ts";

export const { options, setup, teardown, alerts } = script(overloadPhases);
