/**
 * The keys that a thread knows: a bounded map that a watcher of the bucket keeps up to date, and
 * the keys of the environment, which no bucket holds.
 *
 * R1 A newer revision is never replaced by an older one, in whatever order they arrive.
 * R2 A key's record is replaced, never changed: whoever has checked it may ask `holds` whether
 *    what was checked is still in force.
 */
import { type ApiKey, type KeyCheck, checkSecret, keysMax, parseKeyText } from "./api-keys.ts";

type Entry = { key: ApiKey; revision: number };

export class KeyRing {
  private readonly stored = new Map<string, Entry>();
  private readonly pinned = new Map<string, ApiKey>();

  /** A key that no bucket holds; it wins over a stored one of the same id. */
  pin(key: ApiKey): void {
    this.pinned.set(key.id, key);
  }

  unpin(id: string): void {
    this.pinned.delete(id);
  }

  /** @returns false when there are too many keys, and this one is left out. */
  put(key: ApiKey, revision: number): boolean {
    const known = this.stored.get(key.id);
    if (known === undefined && this.stored.size >= keysMax) return false;
    if (known === undefined || known.revision < revision) {
      this.stored.set(key.id, { key, revision });
    }
    return true;
  }

  delete(id: string, revision: number): void {
    const known = this.stored.get(id);
    if (known !== undefined && known.revision < revision) this.stored.delete(id);
  }

  /** @param text a key as its holder gives it. */
  check(text: string, nowMs: number): KeyCheck {
    const { id, secret } = parseKeyText(text);
    const key = this.find(id);
    return key === undefined ? { kind: "unknown" } : checkSecret(key, secret, nowMs);
  }

  /** Whether this very record is in force. */
  holds(key: ApiKey): boolean {
    return this.find(key.id) === key;
  }

  /** Stored keys, the oldest first. */
  list(): ApiKey[] {
    const keys = [...this.stored.values()].map(({ key }) => key);
    return keys.sort((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1));
  }

  private find(id: string): ApiKey | undefined {
    return this.pinned.get(id) ?? this.stored.get(id)?.key;
  }
}
