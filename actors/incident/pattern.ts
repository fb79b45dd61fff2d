/**
 * The pattern of an incident: the way from where its trouble comes from to where it was seen
 * first, the kinds of its alerts and whom it affects. Two outages of one pattern are likely to
 * need the same remedy.
 */
import { rootOf } from "../correlation/evidence.ts";
import type { ServiceGraph } from "../correlation/graph.ts";
import { correlationFingerprint, pathServicesMax } from "../similarity/fingerprints.ts";
import type { MetricCategory } from "../similarity/metric-category.ts";
import type { Desk } from "./desk.ts";
import { labelOf } from "./identity.ts";
import type { Incident } from "./incident.ts";

const customerLabels = ["customer", "customer_id"];

/** "postgres>checkout|errors+latency|acme": its correlation fingerprint, as it is now. */
export function patternOf({ graph }: Desk, incident: Incident): string {
  const { tenant, environment, service, labels, signs } = incident;
  const known = customerLabels.map((label) => labelOf(labels, label));
  return correlationFingerprint({
    path: wayFrom(graph.of(tenant, environment), rootOf(incident).service || service, service),
    categories: signs.map(({ category }) => category as MetricCategory),
    customers: [tenant, ...known],
  });
}

/** From the root to what depends on it; the root alone where no way is known. */
function wayFrom(graph: ServiceGraph, root: string, service: string): string[] {
  const way: string[] = [];
  let at = service;
  while (at !== root) {
    const next = graph.upstreamOf(at).find((reached) => reached.service === root);
    if (next === undefined || way.length >= pathServicesMax) return [root];
    way.push(at);
    at = next.via ?? root;
  }
  return [root, ...way.reverse()];
}
