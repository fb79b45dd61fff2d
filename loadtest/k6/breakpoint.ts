/**
 * Level upon level, each 1.3 times the one before:
 *
 *     k6 run -e RATE=5000 loadtest/k6/breakpoint.ts
 */
import { breakpointPhases } from "./phases.ts";
import { script } from "./script.ts";

export const { options, setup, teardown, alerts } = script(breakpointPhases);
