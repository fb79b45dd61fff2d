/**
 * The records of a dedup partition's input that are no alert frames: "wake" and "config" of
 * work.ts.
 */
import type { DedupConfig } from "../actors/alert/config.ts";

export type DedupMessage = { kind: "wake" } | { kind: "config"; config: DedupConfig };

const shownMax = 200;

/** @throws Error for anything else, showing its beginning. */
export function readDedupMessage(decoded: unknown): DedupMessage {
  if (isObject(decoded)) {
    if (decoded.kind === "wake") return { kind: "wake" };
    if (decoded.kind === "config" && isConfig(decoded.config)) {
      return { kind: "config", config: decoded.config };
    }
  }
  const shown = JSON.stringify(decoded)?.slice(0, shownMax);
  throw new Error(`no record of a dedup partition's input: ${shown}`);
}

function isConfig(value: unknown): value is DedupConfig {
  if (!isObject(value)) return false;
  const { hash, rollupFirstMs, rollupMaxMs, domainBy } = value;
  const isTimed = Number.isFinite(rollupFirstMs) && Number.isFinite(rollupMaxMs);
  return isTimed && typeof hash === "string" && Array.isArray(domainBy);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
