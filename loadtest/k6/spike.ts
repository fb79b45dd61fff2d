/**
 * Calm, eight times as much at once, calm again:
 *
 *     k6 run -e RATE=5000 loadtest/k6/spike.ts
 */
import { spikePhases } from "./phases.ts";
import { script } from "./script.ts";

export const { options, setup, teardown, alerts } = script(spikePhases);
