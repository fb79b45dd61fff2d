/**
 * Which escalation policy an incident gets when it opens or becomes more severe. Rules look at
 * the alert's labels as they were sent; "severity", "service", "tenant" and "environment" may be
 * asked for even when the labels have other names for them or none. A severity label that says
 * less than the incident's severity is passed over.
 */
import type { Labels } from "../alert/events.ts";
import type { EscalationPolicy } from "../escalation/escalation.ts";
import type { Incident } from "./incident.ts";
import { labelSeverity } from "../severity/levels.ts";
import { labelOf } from "./identity.ts";
import { compileMatchers } from "./matchers.ts";
import type { IncidentConfig } from "./types.ts";

/** First match wins; null: nobody is told. */
export type PolicyChoice = (incident: Incident, labels: Labels) => EscalationPolicy | null;

export function compileRules(config: IncidentConfig): PolicyChoice {
  const rules = config.rules.map((rule) => ({
    holds: compileMatchers(rule.matchers),
    policy: Object.hasOwn(config.policies, rule.policy) ? config.policies[rule.policy] : undefined,
  }));
  return (incident, labels) => {
    const lookup = (label: string): string => {
      const sent = labelOf(labels, label);
      const isOutdated = label === "severity" && labelSeverity(config, sent) !== incident.severity;
      return sent === "" || isOutdated ? derived(incident, label) : sent;
    };
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
