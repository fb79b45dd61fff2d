/**
 * Levels: the names that people give to severities. Three scales are in use, and the same name
 * means different things in them:
 *
 *   severity   sev1-5   sev0-4 (as at Google)   sev1-4 (as at Atlassian)
 *   critical   SEV1     SEV0                    SEV1
 *   high       SEV2     SEV1                    SEV2
 *   medium     SEV3     SEV2                    SEV3
 *   low        SEV4     SEV3                    SEV4
 *   info       SEV5     SEV4                    SEV4
 */
import { severityOf } from "../incident/severity.ts";
import { severities, type Severity } from "../incident/types.ts";
import type { LevelScale } from "./config.ts";

const levels: Record<LevelScale, readonly string[]> = {
  "sev1-5": ["SEV1", "SEV2", "SEV3", "SEV4", "SEV5"],
  "sev0-4": ["SEV0", "SEV1", "SEV2", "SEV3", "SEV4"],
  "sev1-4": ["SEV1", "SEV2", "SEV3", "SEV4", "SEV4"],
};

export function levelOf(scale: LevelScale, severity: Severity): string {
  return levels[scale][severities.indexOf(severity)] ?? "";
}

/** A level of the scale, with or without a dash, or a severity; null: it is neither. */
export function severityOfLevel(scale: LevelScale, name: string): Severity | null {
  const plain = name.trim().toUpperCase().replace(/^SEV[-_ ]/, "SEV");
  const at = levels[scale].indexOf(plain);
  return severities[at] ?? severities.find((severity) => severity === name) ?? null;
}

/**
 * What a severity label means: a level of the scale in force, or a word of the field.
 * @param config of the incident stage; configurations of earlier versions have no scale.
 */
export function labelSeverity(
  config: { severity?: { scale: LevelScale } | undefined },
  word: string,
): Severity {
  const { severity } = config;
  if (severity === undefined) return severityOf(word);
  return severityOfLevel(severity.scale, word) ?? severityOf(word);
}
