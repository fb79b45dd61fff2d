/**
 * An exclusive lock between processes: a file that names its holder.
 *
 * L1 Of several processes that try at once, one gets the lock: the file appears complete or not
 *    at all (hard link of a finished file), and link fails when the name exists.
 * L2 A lock whose holder is gone is recovered. It is first moved aside under a name of ours; if
 *    what we moved is not what we judged stale, it is put back.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { processIdentity } from "./process-table.ts";

const attemptsMax = 20;

export type LockHolder = { pid: number; identity: string };
export type FileLock = { kind: "locked"; release(): void } | { kind: "held"; holder: LockHolder };

let serial = 0;

/** Tries once, without waiting. A lock held by this very process counts as held. */
export function tryLock(path: string): FileLock {
  mkdirSync(dirname(path), { recursive: true });
  const own: LockHolder = { pid: process.pid, identity: processIdentity(process.pid) ?? "" };
  const text = `${JSON.stringify({ ...own, serial: ++serial })}\n`;
  const draft = `${path}.${process.pid}.${serial}`;
  writeFileSync(draft, text);
  try {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      if (linked(draft, path)) return { kind: "locked", release: () => release(path, text) };
      const found = readText(path);
      if (found === null) continue;
      const holder = livingHolder(found);
      if (holder !== null) return { kind: "held", holder };
      removeStale(path, found, `${draft}.stale`);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  throw new Error(`cannot take the lock ${path}: other processes keep changing it`);
}

/** Who holds the lock at this moment; null: nobody who lives. */
export function readHolder(path: string): LockHolder | null {
  return livingHolder(readText(path) ?? "");
}

function livingHolder(text: string): LockHolder | null {
  const holder = parseHolder(text);
  return holder !== null && processIdentity(holder.pid) === holder.identity ? holder : null;
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function removeStale(path: string, judged: string, aside: string): void {
  try {
    renameSync(path, aside);
  } catch {
    return; // another process was faster
  }
  if (readText(aside) !== judged) linked(aside, path);
  rmSync(aside, { force: true });
}

function release(path: string, text: string): void {
  if (readText(path) === text) rmSync(path, { force: true });
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function parseHolder(text: string): LockHolder | null {
  try {
    const value: unknown = JSON.parse(text);
    const { pid, identity } = value as Partial<LockHolder>;
    if (typeof pid !== "number" || typeof identity !== "string") return null;
    return { pid, identity };
  } catch {
    return null;
  }
}
