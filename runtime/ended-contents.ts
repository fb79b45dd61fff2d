/**
 * The contents of alerts that have ended, for repeats that arrive without one (frame.ts).
 *
 * E1 A content stays for contentKeepMs of log time, and in any case until `contentsMin` younger
 *    ones came: a clock of the log that leaps ahead does not make alerts unreadable.
 * E2 What is forgotten depends on the log alone: contents go in the order they came.
 */
import { contentKeepMs } from "./frame.ts";

const contentsMin = 1_000;

export type EndedContent = { id: string; payload: string; untilMs: number };

export class EndedContents {
  readonly #byId = new Map<string, EndedContent>();

  get size(): number {
    return this.#byId.size;
  }

  keep(id: string, payload: string, nowMs: number): void {
    this.#byId.delete(id);
    this.#byId.set(id, { id, payload, untilMs: nowMs + contentKeepMs });
  }

  /** The payload (byteText) that the alert had; null: never had one, or long ago. */
  find(id: string): string | null {
    return this.#byId.get(id)?.payload ?? null;
  }

  delete(id: string): void {
    this.#byId.delete(id);
  }

  forget(nowMs: number): void {
    for (const [id, { untilMs }] of this.#byId) {
      if (untilMs >= nowMs || this.#byId.size <= contentsMin) return;
      this.#byId.delete(id);
    }
  }

  /** Oldest first. */
  rows(): EndedContent[] {
    return [...this.#byId.values()];
  }

  restore(rows: Iterable<EndedContent>): void {
    this.#byId.clear();
    for (const row of rows) this.#byId.set(row.id, row);
  }
}
