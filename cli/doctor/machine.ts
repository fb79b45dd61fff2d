/** Checks of the machine: programs and their versions, the data directory, the disk. */
import { accessSync, constants, existsSync, readFileSync, statfsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { describeHolder } from "../../streams/engines/data-dir.ts";
import { findNatsServer } from "../../streams/engines/nats-binary.ts";
import { versionMin } from "../../streams/engines/nats-version.ts";
import { ok, problem, warn, type Finding } from "./finding.ts";

const gib = 1024 ** 3;
/** Below this, a busy day may fill the disk; below the second, writes begin to fail soon. */
const freeBytesWarn = 5 * gib;
const freeBytesProblem = 1 * gib;
const requestTimeoutMs = 3_000;

export function packageVersion(path: string): string | null {
  try {
    const text = readFileSync(new URL(`../../${path}/package.json`, import.meta.url), "utf8");
    return (JSON.parse(text) as { version?: string }).version ?? null;
  } catch {
    return null;
  }
}

export function checkVersions(): Finding[] {
  const major = Number(process.versions.node.split(".")[0]);
  const node =
    major === 22
      ? ok("node", process.version)
      : problem("node", process.version, "start Tocsin with npm start: it runs its own Node 22");
  return [ok("tocsin", packageVersion(".") ?? "unknown version"), node];
}

export async function checkNatsServer(
  natsUrl: string | null,
  env: NodeJS.ProcessEnv,
): Promise<Finding> {
  const check = "nats-server";
  if (natsUrl !== null) return ok(check, "a server of your own is configured");
  const { binary, looked } = await findNatsServer(env);
  if (binary !== null) return ok(check, `v${binary.version} (${binary.path})`);
  return warn(
    check,
    `none that can be used (${looked.join("; ")})`,
    `the next npm start fetches one; or install nats-server >= ${versionMin}`,
  );
}

export async function checkClickhouse(url: string | null): Promise<Finding> {
  const check = "clickhouse";
  if (url === null) {
    const version = packageVersion("node_modules/chdb");
    if (version !== null) return ok(check, `embedded, chdb ${version}`);
    return problem(check, "the package chdb is not installed", "run npm ci");
  }
  try {
    const query = `${url.replace(/\/$/, "")}/?query=${encodeURIComponent("select version()")}`;
    const response = await fetch(query, { signal: AbortSignal.timeout(requestTimeoutMs) });
    const text = (await response.text()).trim().slice(0, 100);
    if (response.ok) return ok(check, `${text} at your URL`);
    const advice = "check user, password and rights in CLICKHOUSE_URL";
    return problem(check, `answers ${response.status}: ${text}`, advice);
  } catch (error) {
    const why = (error as Error).message;
    const advice = "check CLICKHOUSE_URL; alerts are accepted meanwhile, SQL and reports wait";
    return problem(check, `does not answer (${why})`, advice);
  }
}

export function checkDataDir(dataDir: string): Finding[] {
  const path = resolve(dataDir);
  const existing = nearestExisting(path);
  const findings = [checkWritable(path, existing)];
  const holder = describeHolder(path);
  if (holder !== null) findings.push(ok("data in use by", holder));
  findings.push(checkDisk(existing));
  return findings;
}

function checkWritable(path: string, existing: string): Finding {
  const check = "data directory";
  try {
    accessSync(existing, constants.W_OK | constants.X_OK);
  } catch {
    return problem(check, `${existing} cannot be written`, "choose another with --data DIR");
  }
  return ok(check, path === existing ? path : `${path} (made at the first start)`);
}

function checkDisk(path: string): Finding {
  const stats = statfsSync(path);
  const freeBytes = stats.bavail * stats.bsize;
  const detail = `${(freeBytes / gib).toFixed(1)} GiB free`;
  const advice = "free some space, or move the data directory (--data DIR) to a larger disk";
  if (freeBytes < freeBytesProblem) return problem("disk", detail, advice);
  if (freeBytes < freeBytesWarn) return warn("disk", detail, advice);
  return ok("disk", detail);
}

function nearestExisting(path: string): string {
  let current = path;
  while (!existsSync(current) && dirname(current) !== current) current = dirname(current);
  return current;
}
