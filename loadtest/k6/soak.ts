/**
 * New, repeated and resolved alerts:
 *
 *     k6 run -e RATE=5000 -e SECONDS=3600 loadtest/k6/soak.ts
 */
import { soakPhases } from "./phases.ts";
import { script } from "./script.ts";

export const { options, setup, teardown, alerts } = script(soakPhases);
