/** One level of the search for the highest rate: the runner judges it, and chooses the next one. */
import { levelPhases } from "./phases.ts";
import { script } from "./script.ts";

export const { options, setup, teardown, alerts } = script(levelPhases);
