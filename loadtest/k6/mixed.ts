/**
 * Alerts beside reads, acknowledgements and SQL:
 *
 *     k6 run -e RATE=5000 loadtest/k6/mixed.ts
 */
import { mixedPhases } from "./phases.ts";
import { script } from "./script.ts";

const prepared = script(mixedPhases);
export const { options, setup, teardown, alerts } = prepared;
export const { incidents, acknowledge, firing, sql } = prepared;
