/**
 * The contents of alerts that have ended, for repeats that arrive without one (frame.ts). It owns
 * their blocks of the partition's payloads from `keep` until `take`, or frees them itself.
 *
 * E1 A content stays for contentKeepMs of log time, and in any case until `contentsMin` younger
 *    ones came: a clock of the log that leaps ahead does not make alerts unreadable.
 * E2 What is forgotten depends on the log alone: contents go in the order they came.
 */
import { contentKeepMs } from "./frame.ts";
import type { PayloadStore } from "./payload-store.ts";

const contentsMin = 1_000;

/** `payload`: a block of the store. */
export type EndedContent = { id: string; payload: number; untilMs: number };

export class EndedContents {
  readonly #payloads: PayloadStore;
  readonly #byId = new Map<string, EndedContent>();

  constructor(payloads: PayloadStore) {
    this.#payloads = payloads;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Takes over the block that holds the payload. */
  keep(id: string, payload: number, nowMs: number): void {
    this.add({ id, payload, untilMs: nowMs + contentKeepMs });
  }

  /** As `keep`, with a time already known. */
  add(content: EndedContent): void {
    this.delete(content.id);
    this.#byId.set(content.id, content);
  }

  /** The payload that the alert had; null: never had one, or long ago. */
  find(id: string): Uint8Array | null {
    const content = this.#byId.get(id);
    return content === undefined ? null : this.#payloads.read(content.payload);
  }

  /** Forgets the content and hands over its block. @throws Error when there is none. */
  take(id: string): number {
    const content = this.#byId.get(id);
    if (content === undefined) throw new Error(`no content of an ended alert ${id}`);
    this.#byId.delete(id);
    return content.payload;
  }

  delete(id: string): void {
    const content = this.#byId.get(id);
    if (content === undefined) return;
    this.#byId.delete(id);
    this.#payloads.free(content.payload);
  }

  forget(nowMs: number): void {
    for (const [id, { untilMs }] of this.#byId) {
      if (untilMs >= nowMs || this.#byId.size <= contentsMin) return;
      this.delete(id);
    }
  }

  /** Oldest first. */
  values(): Iterable<EndedContent> {
    return this.#byId.values();
  }

  /** Forgets everything, for an owner who has cleared the store. */
  clear(): void {
    this.#byId.clear();
  }
}
