/**
 * Remembered answers to commands, by command id: a client that repeats a request gets the
 * answer of the first one, and the request has one effect (I7, I8).
 */
import type { Command, CommandOutcome } from "./types.ts";

/** How long an answer is remembered, in ms of log time. */
export const outcomeKeptMs = 24 * 3_600_000;
/** Answers remembered per partition; the oldest go first. */
export const outcomesMax = 10_000;

export type Remembered = { id: string; atMs: number; request: string; outcome: CommandOutcome };

export type Recall =
  | { kind: "unknown" }
  | { kind: "repeated"; outcome: CommandOutcome }
  /** The id was used for something else. */
  | { kind: "misused" };

export class CommandMemory {
  /** In order of age. */
  #byId = new Map<string, Remembered>();

  recall(command: Command, nowMs: number): Recall {
    const known = this.#byId.get(command.id);
    if (known === undefined || isStale(known, nowMs)) return { kind: "unknown" };
    if (known.request !== requestOf(command)) return { kind: "misused" };
    return { kind: "repeated", outcome: known.outcome };
  }

  remember(command: Command, outcome: CommandOutcome, nowMs: number): void {
    this.#byId.delete(command.id);
    const entry = { id: command.id, atMs: nowMs, request: requestOf(command), outcome };
    this.#byId.set(command.id, entry);
    for (const oldest of this.#byId.values()) {
      if (this.#byId.size <= outcomesMax && !isStale(oldest, nowMs)) break;
      this.#byId.delete(oldest.id);
    }
  }

  entries(): Remembered[] {
    return [...this.#byId.values()];
  }

  restore(entries: Remembered[]): void {
    this.#byId = new Map(entries.map((entry) => [entry.id, entry]));
  }
}

function isStale(entry: Remembered, nowMs: number): boolean {
  return entry.atMs < nowMs - outcomeKeptMs;
}

/**
 * A short digest of what was asked: two 32-bit FNV-1a hashes with different offsets. A chance
 * collision would only repeat an answer to somebody who reused an id for something else.
 */
function requestOf(command: Command): string {
  const text = `${command.incidentId ?? ""} ${canonical(command.action)}`;
  let first = 0x811c9dc5;
  let second = 0x01000193;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    first = Math.imul(first ^ unit, 0x01000193);
    second = Math.imul(second ^ unit, 0x01000193);
  }
  return `${(first >>> 0).toString(36)}.${(second >>> 0).toString(36)}`;
}

/** JSON with the keys in order: a client may build the same request in another order. */
function canonical(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([key, part]) => `${JSON.stringify(key)}:${canonical(part)}`).join(",")}}`;
}
