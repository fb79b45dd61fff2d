/**
 * The way to the first admin key: while there is none, a key that may only create others lies in
 * the data directory, where only the program's own user can read it. It ends with the first
 * admin key, and with the program.
 */
import { randomBytes } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { adminWish, createKey, hasEnded, keyText, secretHash } from "./api-keys.ts";
import type { KeyRing } from "./key-ring.ts";

const id = "bootstrap";

export function bootstrapFile(dataDir: string): string {
  return join(dataDir, "bootstrap.key");
}

/** @returns whether there is no admin key yet, so that the bootstrap key was made. */
export function openBootstrap(dataDir: string, ring: KeyRing, nowMs: number): boolean {
  closeBootstrap(dataDir, ring);
  const all = ring.list();
  if (all.some((key) => key.scopes.includes("admin") && !hasEnded(key, nowMs))) return false;
  const secret = randomBytes(24).toString("hex");
  ring.pin(createKey(id, secretHash(secret), adminWish(id, ["admin"]), nowMs));
  writeFileSync(bootstrapFile(dataDir), `${keyText(id, secret)}\n`, { mode: 0o600 });
  return true;
}

export function closeBootstrap(dataDir: string, ring: KeyRing): void {
  ring.unpin(id);
  rmSync(bootstrapFile(dataDir), { force: true });
}
