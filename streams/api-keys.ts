/**
 * API keys in a KV bucket, one JSON document each, under the key's id. Every change names the
 * revision that it replaces, so that a rotation and a revocation at the same time are both kept.
 */
import { randomBytes } from "node:crypto";
import type { KvEntry } from "@nats-io/kv";
import {
  type ApiKey,
  type KeyWish,
  createKey,
  hasEnded,
  keyText,
  keysMax,
  readStoredKey,
  revokeKey,
  rotateKey,
  secretHash,
} from "../runtime/api-keys.ts";
import { RetryableError, TerminalError } from "../runtime/errors.ts";
import type { KeyRing } from "../runtime/key-ring.ts";
import type { ApiKeys, NewKey } from "../runtime/services.ts";
import { classified, isFenced } from "./jetstream-errors.ts";
import type { KeyWatch } from "./key-watch.ts";
import type { NatsLink } from "./nats-link.ts";

const idBytes = 6;
const secretBytes = 24;
const racesMax = 20;
const idPattern = /^[0-9A-Za-z]{1,40}$/;

export type ApiKeyStoreOptions = {
  link: NatsLink;
  watch: KeyWatch;
  /** The one that `watch` keeps. */
  ring: KeyRing;
  nowMs(): number;
  created(key: ApiKey): void;
};

export class ApiKeyStore implements ApiKeys {
  private readonly options: ApiKeyStoreOptions;

  constructor(options: ApiKeyStoreOptions) {
    this.options = options;
  }

  list(): ApiKey[] {
    return this.options.ring.list();
  }

  async create(wish: KeyWish): Promise<NewKey> {
    await this.makeRoom();
    const { ring, nowMs } = this.options;
    const id = randomBytes(idBytes).toString("hex");
    const secret = randomBytes(secretBytes).toString("hex");
    const key = createKey(id, secretHash(secret), wish, nowMs());
    const revision = await this.ask("create an API key", (kv) =>
      kv.create(id, JSON.stringify(key)),
    );
    ring.put(key, revision);
    this.options.created(key);
    return { key, text: keyText(id, secret) };
  }

  async rotate(id: string, overlapMs: number): Promise<NewKey | null> {
    const secret = randomBytes(secretBytes).toString("hex");
    const sha256 = secretHash(secret);
    const key = await this.change(id, (before, nowMs) =>
      hasEnded(before, nowMs) ? null : rotateKey(before, sha256, overlapMs, nowMs),
    );
    return key === null ? null : { key, text: keyText(id, secret) };
  }

  revoke(id: string): Promise<ApiKey | null> {
    return this.change(id, revokeKey);
  }

  /** Keys that have ended stay listed until their place is needed. */
  private async makeRoom(): Promise<void> {
    const keys = this.list();
    if (keys.length < keysMax) return;
    const ended = keys.find((key) => hasEnded(key, this.options.nowMs()));
    if (ended === undefined) {
      throw new TerminalError(`there are ${keysMax} API keys already; revoke one that is not used`);
    }
    await this.ask("delete an API key that has ended", (kv) => kv.delete(ended.id));
  }

  /** @param decide the key after the change; null: leave it. */
  private async change(
    id: string,
    decide: (key: ApiKey, nowMs: number) => ApiKey | null,
  ): Promise<ApiKey | null> {
    if (!idPattern.test(id)) return null;
    for (let race = 0; race < racesMax; race += 1) {
      const entry = await this.ask("read an API key", (kv) => kv.get(id));
      const before = entry?.operation === "PUT" ? readStoredKey(parsed(entry)) : null;
      if (entry === null || before === null) return null;
      const after = decide(before, this.options.nowMs());
      if (after === null) return null;
      const revision = await this.tryUpdate(entry, after);
      if (revision === null) continue;
      this.options.ring.put(after, revision);
      return after;
    }
    throw new RetryableError(`change API key ${id}: lost every race against other changes`);
  }

  /** @returns null when the key was changed by somebody else meanwhile. */
  private async tryUpdate({ key, revision }: KvEntry, after: ApiKey): Promise<number | null> {
    const { link, watch } = this.options;
    try {
      return await link.request(() => watch.kv.update(key, JSON.stringify(after), revision));
    } catch (error) {
      if (isFenced(error)) return null;
      throw classified(error, `change API key ${key}`);
    }
  }

  private async ask<T>(doing: string, send: (kv: KeyWatch["kv"]) => Promise<T>): Promise<T> {
    const { link, watch } = this.options;
    try {
      return await link.request(() => send(watch.kv));
    } catch (error) {
      throw classified(error, doing);
    }
  }
}

function parsed(entry: KvEntry): unknown {
  try {
    return entry.json();
  } catch {
    return null;
  }
}
