/** Small alertmanager.yml texts, and what the reader says of them, as a person would see it. */
import {
  loadAlertmanagerConfig,
  type AlertmanagerConfig,
} from "../runtime/config/alertmanager/load.ts";
import { ConfigError, formatProblem } from "../runtime/config/problems.ts";

/** The least that is valid: a root route and its receiver. */
export const smallest = "route: { receiver: a }\nreceivers: [{ name: a }]\n";

/** The lines of all problems, "am.yml:" left out; none when it is valid. */
export function problemsOf(text: string): string[] {
  try {
    loadAlertmanagerConfig("am.yml", text);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem).map(unnamed);
    throw error;
  }
}

export function warningsOf(text: string): string[] {
  return loadAlertmanagerConfig("am.yml", text).warnings.map(formatProblem).map(unnamed);
}

/** A configuration whose root has these routes, flow style, from line 4 on; receivers a and b. */
export function withRoutes(routes: string, more = "global: {}"): string {
  return `${more}
receivers: [{ name: a }, { name: b }]
route: { receiver: a, routes: [
${routes.replace(/^/gm, " ")}
 ] }`;
}

/** One receiver with one integration, in flow style: `webhook`, `{ url: "http://x" }`. */
export function withIntegration(kind: string, settings: string, global = "{}"): string {
  return `global: ${global}
route: { receiver: a }
receivers: [{ name: a, ${kind}_configs: [${settings}] }]`;
}

export function load(text: string): AlertmanagerConfig {
  return loadAlertmanagerConfig("am.yml", text);
}

function unnamed(line: string): string {
  return line.replace(/^am\.yml:/, "");
}
