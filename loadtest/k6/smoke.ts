/**
 * A little load that any machine can take:
 *
 *     k6 run -e URL=http://HOST:PORT loadtest/k6/smoke.ts
 */
import { smokePhases } from "./phases.ts";
import { script } from "./script.ts";

export const { options, setup, teardown, alerts } = script(smokePhases);
