/** Configurations for stories about incidents: the defaults, with one policy for everybody. */
import type { EscalationPolicy } from "../actors/escalation/escalation.ts";
import type { IncidentConfig } from "../actors/incident/types.ts";
import { defaultIncidentConfig } from "../runtime/incident-stage.ts";

/** Told at once, after 5 min and after another 10 min; a second round 15 min later. */
export const storyPolicy: EscalationPolicy = {
  name: "on-call",
  levels: [
    { afterMs: 0, receivers: ["primary"] },
    { afterMs: 300_000, receivers: ["secondary"] },
    { afterMs: 600_000, receivers: ["lead", "primary"] },
  ],
  repeats: 1,
  repeatAfterMs: 900_000,
};

export function storyConfig(more: Partial<IncidentConfig> = {}): IncidentConfig {
  return {
    ...defaultIncidentConfig,
    hash: "story",
    policies: { "on-call": storyPolicy },
    rules: [{ matchers: [], policy: "on-call" }],
    ...more,
  };
}
