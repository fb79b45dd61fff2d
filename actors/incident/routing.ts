/**
 * Which escalation policy an incident gets when it opens. Rules look at the alert's labels as
 * they were sent; "severity", "service", "tenant" and "environment" may be asked for even when
 * the labels have other names for them or none.
 */
import type { EscalationPolicy } from "../escalation/escalation.ts";
import type { Incident } from "./incident.ts";
import { labelOf } from "./identity.ts";
import { compileMatchers } from "./matchers.ts";
import type { IncidentConfig } from "./types.ts";

/** First match wins; null: nobody is told. */
export type PolicyChoice = (incident: Incident) => EscalationPolicy | null;

export function compileRules(config: IncidentConfig): PolicyChoice {
  const rules = config.rules.map((rule) => ({
    holds: compileMatchers(rule.matchers),
    policy: Object.hasOwn(config.policies, rule.policy) ? config.policies[rule.policy] : undefined,
  }));
  return (incident) => {
    const lookup = (label: string): string =>
      labelOf(incident.labels, label) || derived(incident, label);
    return rules.find((rule) => rule.holds(lookup))?.policy ?? null;
  };
}

function derived(incident: Incident, label: string): string {
  switch (label) {
    case "severity":
      return incident.severity;
    case "service":
      return incident.service;
    case "tenant":
      return incident.tenant;
    case "environment":
      return incident.environment;
    default:
      return "";
  }
}
