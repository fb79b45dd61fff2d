/** What travels through the log of the configuration: one record per stage, hashed (I11). */
import { createHash } from "node:crypto";
import type { DedupConfig } from "../../actors/alert/config.ts";
import type { IncidentConfig } from "../../actors/incident/types.ts";
import type { TocsinConfig } from "./types.ts";

const hashChars = 16;

export function dedupConfig(config: TocsinConfig): DedupConfig {
  const { rollupFirstMs, rollupMaxMs, domainBy } = config.dedup;
  return hashed({ rollupFirstMs, rollupMaxMs, domainBy });
}

export function incidentConfig(config: TocsinConfig): IncidentConfig {
  return hashed({
    groupBy: config.grouping.by,
    correlation: config.correlation,
    ...config.lifecycle,
    flapping: config.flapping,
    severity: config.severity,
    policies: config.policies,
    rules: config.rules,
    dispatch: config.alertmanager?.dispatch ?? null,
  });
}

/** A copy of its own, with a hash that depends on the content only, not on the keys' order. */
function hashed<T extends object>(content: T): T & { hash: string } {
  const hash = createHash("sha256").update(canonical(content)).digest("hex").slice(0, hashChars);
  return { hash, ...structuredClone(content) };
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([key, part]) => `${JSON.stringify(key)}:${canonical(part)}`).join(",")}}`;
}
