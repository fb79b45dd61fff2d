/**
 * The servers under load: Tocsin as a user starts it, and Alertmanager. Each start has its own
 * temporary directory and its own ports on loopback; only processes started here are ended.
 */
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { probe } from "./load.ts";
import { cpuSeconds, processTree, residentMiB } from "./process-tree.ts";

export type Running = {
  name: string;
  host: string;
  port: number;
  /** From the start of the process until it answered that it is ready. */
  startMs: number;
  /** Resident memory of the process itself and of it with all its children, MiB. */
  residentMiB(): { main: number; tree: number };
  /** Processor time that the process and its children that still run have used so far, s. */
  cpuSeconds(): number;
  /** SIGKILL to the process and all its children; the data stays. */
  kill9(): Promise<void>;
  /** Starts again over the same data. */
  restart(): Promise<Running>;
  /** Orderly end; the data goes. */
  stop(): Promise<void>;
};

export type Contender = {
  name: string;
  version: string;
  /** @param config settings other than the defaults, as YAML; Alertmanager takes none. */
  start(config?: string): Promise<Running>;
};

const readyWithinMs = 120_000;
const stopWithinMs = 20_000;
const pollMs = 20;

/** Whatever ends the bench ends what it started. */
const roots = new Set<number>();
process.on("exit", () => {
  for (const root of roots) for (const pid of processTree(root)) kill(pid);
});
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => process.exit(130));
}

export function tocsin(root: string): Contender {
  return {
    name: "tocsin",
    version: JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version,
    start: (config) => startTocsin(root, mkdtempSync(join(tmpdir(), "tocsin-bench-")), config),
  };
}

/** Null when the machine has no Alertmanager. */
export function alertmanager(env: NodeJS.ProcessEnv): Contender | null {
  const named = env["ALERTMANAGER_BIN"];
  const names = named ? [named] : ["alertmanager", "prometheus-alertmanager"];
  for (const binary of names) {
    const { status, stdout, stderr } = spawnSync(binary, ["--version"], { encoding: "utf8" });
    if (status !== 0) continue;
    const version = /version (\S+)/.exec(stdout + stderr)?.[1] ?? "?";
    return {
      name: "alertmanager",
      version,
      start: () => startAlertmanager(binary, mkdtempSync(join(tmpdir(), "alertmanager-bench-"))),
    };
  }
  return null;
}

async function startTocsin(root: string, dir: string, config?: string): Promise<Running> {
  const startedMs = performance.now();
  // As `npm start` does it; this Node becomes the program, so the child is the program itself.
  const args = [join("cli", "start.mjs"), "--listen", "127.0.0.1:0", "--data", join(dir, "data")];
  if (config !== undefined) {
    const file = join(dir, "tocsin.yaml");
    writeFileSync(file, config);
    args.push("--config", file);
  }
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  watch(child);
  const errors = tail(child);
  const listening = await listeningAddress(child).catch((error: unknown) => {
    throw new Error(`tocsin did not start: ${String(error)}\n${errors()}`);
  });
  const [host = "", port = ""] = listening.replace(/^https?:\/\//, "").split(/:(?=\d+\/?$)/);
  const address = { host, port: Number.parseInt(port, 10) };
  return running("tocsin", child, address, "/health/ready", dir, startedMs, () =>
    startTocsin(root, dir, config),
  );
}

async function startAlertmanager(binary: string, dir: string): Promise<Running> {
  const startedMs = performance.now();
  const port = await freePort();
  const config = join(dir, "alertmanager.yml");
  const route = "route: { receiver: none, group_by: [alertname, service] }";
  writeFileSync(config, `${route}\nreceivers: [{ name: none }]\n`);
  const child = spawn(
    binary,
    [
      `--config.file=${config}`,
      `--storage.path=${join(dir, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--cluster.listen-address=",
      "--log.level=error",
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  watch(child);
  tail(child);
  const address = { host: "127.0.0.1", port };
  return running("alertmanager", child, address, "/-/ready", dir, startedMs, () =>
    startAlertmanager(binary, dir),
  );
}

async function running(
  name: string,
  child: ChildProcess,
  { host, port }: { host: string; port: number },
  readyPath: string,
  dir: string,
  startedMs: number,
  restart: () => Promise<Running>,
): Promise<Running> {
  const pid = child.pid ?? -1;
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const deadlineMs = performance.now() + readyWithinMs;
  while ((await probe(host, port, readyPath)) !== 200) {
    if (child.exitCode !== null || performance.now() > deadlineMs) {
      throw new Error(`${name} did not become ready`);
    }
    await pause(pollMs);
  }
  return {
    name,
    host,
    port,
    startMs: performance.now() - startedMs,
    restart,
    residentMiB: () => ({
      main: residentMiB(pid),
      tree: processTree(pid).reduce((sum, one) => sum + residentMiB(one), 0),
    }),
    cpuSeconds: () => processTree(pid).reduce((sum, one) => sum + cpuSeconds(one), 0),
    async kill9() {
      for (const one of processTree(pid)) kill(one);
      await exited;
    },
    async stop() {
      const tree = processTree(pid);
      child.kill("SIGTERM");
      const orderly = await Promise.race([exited.then(() => true), pause(stopWithinMs)]);
      if (orderly !== true) for (const one of tree) kill(one);
      await exited;
      rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

/** The address from Tocsin's own line of JSON, which it prints when it is ready. */
function listeningAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("no address printed")), readyWithinMs);
    child.once("exit", (code) => reject(new Error(`exit ${code}`)));
    child.once("error", reject);
    if (child.stdout === null) return reject(new Error("no stdout"));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const address = /"listening":"([^"]+)"/.exec(line)?.[1];
      if (address === undefined) return;
      clearTimeout(late);
      resolve(address);
    });
  });
}

/** Keeps reading a child's errors, so that it never blocks, and remembers the last of them. */
function tail(child: ChildProcess): () => string {
  let last = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    last = (last + chunk.toString("utf8")).slice(-2_000);
  });
  return () => last;
}

function watch(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  roots.add(pid);
  child.once("exit", () => roots.delete(pid));
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
