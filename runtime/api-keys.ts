/**
 * API keys: what one says, and how it is checked, rotated and revoked. Pure.
 *
 * A key is `tcn_<id>_<secret>`; the id finds it, the secret proves it. Secrets are 192 random bits,
 * so their plain SHA-256 is what is stored: nobody can try that many, and a slow hash, which
 * protects the few bits of a password, would only slow every request down.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { TerminalError } from "./errors.ts";

export const scopes = ["ingest", "read", "respond", "admin"] as const;
/** ingest: send alerts; read: look; respond: change incidents; admin: keys and the process. */
export type Scope = (typeof scopes)[number];

/** `sha256` in hex; `untilMs`: when a secret that was rotated out stops working, else null. */
type KeySecret = { sha256: string; untilMs: number | null };

export type ApiKey = {
  id: string;
  name: string;
  scopes: Scope[];
  /** Whose alerts come with the key; null: the alerts say. */
  tenant: string | null;
  service: string | null;
  /** Null: the configured limit. */
  alertsPerSecond: number | null;
  createdAtMs: number;
  expiresAtMs: number | null;
  revokedAtMs: number | null;
  /** The newest first, at most two. */
  secrets: KeySecret[];
};

/** What whoever creates a key decides. */
export type KeyWish = Pick<
  ApiKey,
  "name" | "scopes" | "tenant" | "service" | "alertsPerSecond" | "expiresAtMs"
>;

export type KeyCheck =
  /** `untilMs`: when this very secret stops working; Infinity: it does not by itself. */
  | { kind: "valid"; key: ApiKey; untilMs: number }
  | { kind: "unknown" | "expired" | "revoked" };

/** Keys of a deployment, ended ones included. */
export const keysMax = 10_000;
export const nameCharsMax = 100;
/** The key that TOCSIN_ADMIN_KEY gives, unless that is of a key's own form. */
const plainKeyId = "env";

export function keyText(id: string, secret: string): string {
  return `tcn_${id}_${secret}`;
}

/** A text that is not of a key's form can only be that of TOCSIN_ADMIN_KEY. */
export function parseKeyText(text: string): { id: string; secret: string } {
  const match = /^tcn_([0-9A-Za-z]{1,40})_([0-9A-Za-z]{1,200})$/.exec(text);
  return match === null
    ? { id: plainKeyId, secret: text }
    : { id: match[1] as string, secret: match[2] as string };
}

/** The key that TOCSIN_ADMIN_KEY gives. @throws TerminalError when it is easily guessed. */
export function environmentKey(text: string, nowMs: number): ApiKey {
  if (!/^[\x21-\x7e]{32,500}$/.test(text)) {
    throw new TerminalError(
      `TOCSIN_ADMIN_KEY: got ${text.length} characters, expected 32 to 500 random ones without ` +
        "blanks, for example from: openssl rand -hex 32",
    );
  }
  const { id, secret } = parseKeyText(text);
  return createKey(id, secretHash(secret), adminWish("TOCSIN_ADMIN_KEY", [...scopes]), nowMs);
}

/** What a key that is neither of a tenant nor of a time is made from. */
export function adminWish(name: string, allowed: Scope[]): KeyWish {
  return {
    ...{ name, scopes: allowed, tenant: null, service: null },
    ...{ alertsPerSecond: null, expiresAtMs: null },
  };
}

export function secretHash(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

export function createKey(id: string, sha256: string, wish: KeyWish, nowMs: number): ApiKey {
  const secrets = [{ sha256, untilMs: null }];
  return { id, ...wish, createdAtMs: nowMs, revokedAtMs: null, secrets };
}

/** With a new secret; the one before works for another `overlapMs`, any older one no more. */
export function rotateKey(key: ApiKey, sha256: string, overlapMs: number, nowMs: number): ApiKey {
  const before = key.secrets[0];
  const secrets: KeySecret[] = [{ sha256, untilMs: null }];
  if (before !== undefined && overlapMs > 0) {
    secrets.push({ sha256: before.sha256, untilMs: nowMs + overlapMs });
  }
  return { ...key, secrets };
}

/** For good, and at once. */
export function revokeKey(key: ApiKey, nowMs: number): ApiKey {
  return { ...key, revokedAtMs: key.revokedAtMs ?? nowMs };
}

export function hasEnded(key: ApiKey, nowMs: number): boolean {
  return key.revokedAtMs !== null || (key.expiresAtMs !== null && key.expiresAtMs <= nowMs);
}

/** @param key what is stored under the secret's id. */
export function checkSecret(key: ApiKey, secret: string, nowMs: number): KeyCheck {
  const given = createHash("sha256").update(secret).digest();
  const found = key.secrets.find(({ sha256 }) =>
    timingSafeEqual(given, Buffer.from(sha256, "hex")),
  );
  // Only who has the secret learns what became of the key.
  if (found === undefined) return { kind: "unknown" };
  if (key.revokedAtMs !== null) return { kind: "revoked" };
  const { POSITIVE_INFINITY: never } = Number;
  const untilMs = Math.min(key.expiresAtMs ?? never, found.untilMs ?? never);
  return nowMs < untilMs ? { kind: "valid", key, untilMs } : { kind: "expired" };
}

/** A key as it is stored. @returns null for anything else. */
export function readStoredKey(value: unknown): ApiKey | null {
  if (typeof value !== "object" || value === null) return null;
  const key = value as Partial<Record<keyof ApiKey, unknown>>;
  const isText = (one: unknown): boolean => typeof one === "string";
  const isNumber = (one: unknown): boolean => typeof one === "number";
  const orNull = (check: (one: unknown) => boolean, one: unknown): boolean =>
    one === null || check(one);
  const fits =
    isText(key.id) &&
    isText(key.name) &&
    Array.isArray(key.scopes) &&
    key.scopes.every((scope) => scopes.includes(scope as Scope)) &&
    orNull(isText, key.tenant) &&
    orNull(isText, key.service) &&
    orNull(isNumber, key.alertsPerSecond) &&
    isNumber(key.createdAtMs) &&
    orNull(isNumber, key.expiresAtMs) &&
    orNull(isNumber, key.revokedAtMs) &&
    Array.isArray(key.secrets) &&
    key.secrets.every(isStoredSecret);
  return fits ? (value as ApiKey) : null;
}

function isStoredSecret(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { sha256, untilMs } = value as Partial<Record<keyof KeySecret, unknown>>;
  const isHash = typeof sha256 === "string" && /^[0-9a-f]{64}$/.test(sha256);
  return isHash && (untilMs === null || typeof untilMs === "number");
}
