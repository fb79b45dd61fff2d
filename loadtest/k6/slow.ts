/** A constant rate in two phases. The runner lets slow clients join in the second one: ../slow/. */
import { slowPhases } from "./phases.ts";
import { script } from "./script.ts";

export const { options, setup, teardown, alerts } = script(slowPhases);
