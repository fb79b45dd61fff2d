/** Composition of API keys: the keys, and, where requests need one, what asks for them. */
import { Admission } from "./ingress/admission.ts";
import type { ApiKey } from "./runtime/api-keys.ts";
import { closeBootstrap, openBootstrap } from "./runtime/bootstrap-key.ts";
import type { TocsinConfig } from "./runtime/config/types.ts";
import type { DoorAuth } from "./runtime/door-task.ts";
import { KeyRing } from "./runtime/key-ring.ts";
import type { Lifetime } from "./runtime/lifetime.ts";
import type { Logger } from "./runtime/ports.ts";
import { rateMemory } from "./runtime/rate-limits.ts";
import { steadyMs } from "./runtime/system-clock.ts";
import { ApiKeyStore } from "./streams/api-keys.ts";
import { KeyWatch } from "./streams/key-watch.ts";
import type { NatsLink } from "./streams/nats-link.ts";

export type OpenKeys = {
  keys: ApiKeyStore;
  /** Null: requests need no key. */
  admission: Admission | null;
  doorAuth: DoorAuth | null;
};

export type KeysOptions = {
  config: Pick<TocsinConfig, "dataDir" | "auth">;
  life: Lifetime;
  logger: Logger;
  link: NatsLink;
  /** API keys of the environment. */
  pinned: ApiKey[];
  /** Tells the person who started the program. */
  say(line: string): void;
};

export async function openKeys(options: KeysOptions): Promise<OpenKeys> {
  const { config, life, logger, link, pinned, say } = options;
  const { dataDir, auth } = config;
  const ring = new KeyRing();
  const watch = await life.open(
    "API keys",
    () => KeyWatch.open(link, ring, logger),
    (opened) => {
      opened.stop();
      closeBootstrap(dataDir, ring);
    },
  );
  const created = (key: ApiKey): void => {
    if (key.scopes.includes("admin")) closeBootstrap(dataDir, ring);
  };
  const keys = new ApiKeyStore({ link, watch, ring, nowMs: Date.now, created });
  if (auth.mode === "none") return { keys, admission: null, doorAuth: null };
  for (const key of pinned) ring.pin(key);
  if (pinned.length === 0 && openBootstrap(dataDir, ring, Date.now())) {
    say(`there is no admin key yet: npx tocsin keys create --bootstrap --data ${dataDir}`);
  }
  const { limits } = auth;
  const rates = rateMemory();
  const admission = new Admission({ ring, limits, rates, nowMs: Date.now, clockMs: steadyMs });
  return { keys, admission, doorAuth: { limits, rates, pinned } };
}
