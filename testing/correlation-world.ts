/** A service graph, and incidents and alerts of its services, to ask correlation about. */
import { type CorrelationConfig, Correlator } from "../actors/correlation/correlator.ts";
import type { Candidate, Sign } from "../actors/correlation/evidence.ts";
import { GraphState } from "../actors/correlation/graph-state.ts";
import { History } from "../actors/correlation/history.ts";
import { Likeness } from "../actors/correlation/likeness.ts";
import { labelOf } from "../actors/incident/identity.ts";
import { severityOf } from "../actors/incident/severity.ts";
import { categoryOf } from "../actors/similarity/metric-category.ts";

export const minute = 60_000;
export const onVault = Object.fromEntries(
  ["u", "v", "w", "x", "y", "z"].map((one) => [one, ["vault"]]),
);
export const dependencies = {
  ...onVault,
  gateway: ["checkout", "search"],
  checkout: ["db", "cache"],
  search: ["db"],
  db: ["disk"],
  reports: ["warehouse"],
  ...{ a: ["b"], b: ["a"] },
};
const config: CorrelationConfig = {
  ...{ enabled: true, windowMs: 5 * minute, labels: ["service", "model_id"], weights: {} },
  ...{ agree: ["region"], topology: { dependencies, windowMs: 10 * minute, depthMax: 4 } },
};

export function correlator(
  more: Partial<CorrelationConfig> = {},
  history = new History(5 * minute),
): Correlator<Candidate> {
  const graphs = new GraphState();
  const all = { ...config, ...more };
  graphs.configure(all.topology);
  return new Correlator(all, graphs, { history, likeness: new Likeness() });
}

export type Labels = Record<string, string>;

let fingerprints = 0;
export function signOf(labels: Labels, atMs = 0): Sign {
  const alertname = labels["alertname"] ?? "Trouble";
  return {
    ...{ service: labels["service"] ?? "unknown", alertname },
    ...categoryOf({ alertname, labels, summary: "" }),
    severity: severityOf(labels["severity"] ?? "high"),
    agree: config.agree.map((label) => labelOf(labels, label)),
    fingerprint: String((fingerprints += 1)),
    atMs,
  };
}

export function incident(serial: number, ...alerts: Labels[]): Candidate {
  return incidentAt(0, serial, ...alerts);
}

export function incidentAt(lastOpenedMs: number, serial: number, ...alerts: Labels[]): Candidate {
  const labels = alerts[0] ?? {};
  const signs = alerts.map((one) => signOf(one, lastOpenedMs));
  const of = { tenant: "t", environment: "e", labels, annotations: {}, signs, root: null };
  const severity = signs[0]?.severity ?? "high";
  return { id: `inc-0-${serial}`, serial, ...of, lastOpenedMs, severity };
}

export function sighting(labels: Labels, atMs = minute, tenant = "t") {
  const of = { tenant, environment: "e", labels, annotations: {}, sign: signOf(labels) };
  return { ...of, atMs, grouped: null };
}
