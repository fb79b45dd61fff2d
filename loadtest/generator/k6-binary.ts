/**
 * Finds a k6 that runs the scripts, or builds one: named by TOCSIN_K6, on PATH, in the per-user
 * cache, else from source with Go, once. It is a program that is run; nothing of it is shipped.
 */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { tryLock } from "../../streams/engines/file-lock.ts";
import { cacheDir } from "../../streams/engines/nats-binary.ts";
import { searchPath } from "../../streams/engines/search-path.ts";

export type K6 = { path: string; version: string; source: string };
export type K6Search = { k6: K6 | null; looked: string[] };

/** Oldest major version that runs scripts in TypeScript without being told to. */
const majorMin = 1;
const buildVersion = "1.8.1";
const askTimeoutMs = 10_000;
const buildTimeoutMs = 15 * 60_000;
const lockPollMs = 500;
const outputTailChars = 300;

/** Looks without building; `looked` says of each place why it is of no use. */
export async function findK6(env: NodeJS.ProcessEnv): Promise<K6Search> {
  const looked: string[] = [];
  const named = env["TOCSIN_K6"];
  const places: [source: string, path: string | null][] = [
    ["TOCSIN_K6", named ? resolve(named) : null],
    ["PATH", searchPath(env["PATH"] ?? "", "k6")],
    ["cache", cached(env)],
  ];
  for (const [source, path] of places) {
    if (path === null) continue;
    const answer = await askVersion(path);
    if ("version" in answer) return { k6: { path, version: answer.version, source }, looked };
    looked.push(`${source}: ${path}: ${answer.problem}`);
  }
  return { k6: null, looked };
}

/**
 * @param say told what happens while it happens; one line each, without a line end.
 * @throws Error that lists what was tried and what to do.
 */
export async function ensureK6(
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<K6> {
  const first = await findK6(env);
  if (first.k6 !== null) return first.k6;
  const cache = cacheDir(env);
  const release = await waitForLock(join(cache, "k6.lock"), say);
  try {
    const { k6, looked } = await findK6(env);
    return k6 ?? (await build(cache, env, looked, say));
  } finally {
    release();
  }
}

async function build(
  cache: string,
  env: NodeJS.ProcessEnv,
  looked: string[],
  say: (line: string) => void,
): Promise<K6> {
  say(`no k6 on this machine yet: building v${buildVersion} with go install, once (minutes) …`);
  const dir = mkdtempSync(join(cache, "k6-"));
  try {
    const goEnv = { ...env, GOBIN: dir, GOFLAGS: "", CGO_ENABLED: "0" };
    await goInstall(`go.k6.io/k6@v${buildVersion}`, goEnv);
    const built = await askVersion(join(dir, "k6"));
    if ("problem" in built) throw new Error(`what go install delivered ${built.problem}`);
    mkdirSync(join(cache, "bin"), { recursive: true });
    renameSync(join(dir, "k6"), cached(env));
    say(`k6 v${built.version} is in ${cache}`);
    return { path: cached(env), version: built.version, source: "go install" };
  } catch (error) {
    const tried = [...looked, `go install: ${(error as Error).message}`];
    throw new Error(
      `no k6 could be found or built:\n${tried.map((line) => `  - ${line}\n`).join("")}` +
        `Install k6 >= ${majorMin}.0 (https://grafana.com/docs/k6/latest/set-up/install-k6/) ` +
        `so that it is on PATH, name it in TOCSIN_K6, or install Go so that it can be built.`,
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function goInstall(module: string, env: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((done, reject) => {
    const options = { timeout: buildTimeoutMs, env, encoding: "utf8" as const };
    execFile("go", ["install", module], options, (error, _stdout, stderr) => {
      if (error === null) return done();
      if ((error as NodeJS.ErrnoException).code === "ENOENT") {
        return reject(new Error("go is not installed"));
      }
      const minutes = buildTimeoutMs / 60_000;
      const why = error.killed ? `it took longer than ${minutes} minutes` : stderr.trim();
      reject(new Error((why || error.message).slice(-outputTailChars).replaceAll("\n", " ")));
    });
  });
}

/** "1.8.1" from "k6 v1.8.1 (go1.26.8, linux/amd64)"; null: no version, or one too old. */
export function acceptedVersion(text: string): string | null {
  const version = /^k6(?:\.exe)? v(\d+\.\d+\.\d+\S*)/.exec(text)?.[1] ?? null;
  return version !== null && Number.parseInt(version, 10) >= majorMin ? version : null;
}

function askVersion(path: string): Promise<{ version: string } | { problem: string }> {
  return new Promise((done) => {
    const options = { timeout: askTimeoutMs, encoding: "utf8" as const };
    execFile(path, ["version"], options, (error, stdout) => {
      if (error !== null) {
        const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
        return done({ problem: isMissing ? "not found" : `cannot be run: ${error.message}` });
      }
      const version = acceptedVersion(stdout);
      if (version !== null) return done({ version });
      done({ problem: `it says "${stdout.trim()}", expected k6 v${majorMin}.0.0 or newer` });
    });
  });
}

async function waitForLock(path: string, say: (line: string) => void): Promise<() => void> {
  const deadlineMs = Date.now() + buildTimeoutMs;
  let told = false;
  for (;;) {
    const lock = tryLock(path);
    if (lock.kind === "locked") return () => lock.release();
    if (Date.now() > deadlineMs) throw new Error(`${path} is held by process ${lock.holder.pid}`);
    if (!told) say(`process ${lock.holder.pid} is building k6 already; waiting for it …`);
    told = true;
    await new Promise((resume) => setTimeout(resume, lockPollMs));
  }
}

function cached(env: NodeJS.ProcessEnv): string {
  return join(cacheDir(env), "bin", "k6");
}
