/**
 * A constant rate, which must hold:
 *
 *     k6 run -e RATE=5000 loadtest/k6/steady.ts
 */
import { steadyPhases } from "./phases.ts";
import { script } from "./script.ts";

export const { options, setup, teardown, alerts } = script(steadyPhases);
