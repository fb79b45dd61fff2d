/**
 * The real program, told to stop at every awkward moment: it ends in order, within bounds, and
 * leaves no process behind.
 */
import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freePort } from "../../streams/engines/free-port.ts";
import { eventually } from "../contracts/eventually.ts";
import { startNatsServer } from "../nats-server.ts";
import { killHard, processTree } from "./process-tree.ts";

const root = join(import.meta.dirname, "../..");
const startMsMax = 30_000;
const promptMsMax = 8_000;

let dir = "";
let port = 0;
let child: ChildProcess;
let output = "";
let ended: Promise<number | string>;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "tocsin-stop-"));
  port = await freePort();
  const config = "nats: { port: 0 }\npartitions: { dedup: 2, incident: 2 }\n";
  writeFileSync(join(dir, "tocsin.yaml"), config);
});

afterEach(() => {
  killHard([...processTree(child.pid ?? -1), ...processesOf(dir)]);
  rmSync(dir, { recursive: true, force: true });
});

function start(
  env: Record<string, string> = {},
  within: (command: string[]) => string[] = (command) => command,
): void {
  const { NATS_URL: _nats, CLICKHOUSE_URL: _clickhouse, ...inherited } = process.env;
  const config = join(dir, "tocsin.yaml");
  const listen = `127.0.0.1:${port}`;
  const args = ["main.ts", "--config", config, "--listen", listen, "--data", join(dir, "data")];
  const [program = "", ...rest] = within([process.execPath, ...args]);
  child = spawn(program, rest, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...inherited, ...env },
  });
  output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (data: Buffer) => (output += data.toString()));
  }
  ended = new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve(code ?? signal ?? "unknown"));
  });
}

/** Whose command line names the folder: the program and its nats-server. */
function processesOf(folder: string): number[] {
  const table = execFileSync("ps", ["-A", "-o", "pid=,args="], { encoding: "utf8" });
  const lines = table.split("\n").filter((line) => line.includes(folder));
  return lines.map((line) => Number.parseInt(line, 10));
}

async function answersReady(): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/health/ready`);
  expect(response.status, await response.text()).toBe(200);
}

function open(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket));
    socket.once("error", reject);
  });
}

async function noneLeft(family: number[]): Promise<void> {
  await eventually(() => {
    expect(family.filter((pid) => processTree(pid).length > 0)).toEqual([]);
    expect(processesOf(dir)).toEqual([]);
  });
}

/** Sends the signal. @returns the exit code and how long it took, ms. */
async function stop(signal: NodeJS.Signals): Promise<{ code: number | string; ms: number }> {
  const beganMs = performance.now();
  child.kill(signal);
  return { code: await ended, ms: performance.now() - beganMs };
}

const file = (name: string) => () => expect(existsSync(join(dir, "data", name))).toBe(true);
const moments: [string, NodeJS.Signals, () => unknown][] = [
  ["the data directory is taken", "SIGTERM", file("tocsin.lock")],
  ["nats-server starts", "SIGINT", file("nats/pid")],
  ["ClickHouse starts", "SIGTERM", file("clickhouse")],
  ["HTTP listens", "SIGINT", async () => (await open()).destroy()],
];

test.each(moments)("told to stop when %s: ends with 0, soon", async (_name, signal, moment) => {
  start();
  await eventually(moment, startMsMax);
  const family = processTree(child.pid ?? -1);
  const { code, ms } = await stop(signal);
  expect(code, output).toBe(0);
  expect(ms, output).toBeLessThan(promptMsMax);
  expect(output).not.toContain("listening");
  await noneLeft(family);
  expect(existsSync(join(dir, "data", "tocsin.lock"))).toBe(false);
});

test("told to stop while it waits for a NATS that does not answer", async () => {
  start({ NATS_URL: `nats://127.0.0.1:${await freePort()}` });
  await eventually(() => expect(output).toContain("NATS does not answer"), startMsMax);
  const { code, ms } = await stop("SIGTERM");
  expect(code, output).toBe(0);
  expect(ms, output).toBeLessThan(promptMsMax);
});

test("told to stop after its NATS went away for good: ends with 0, within bounds", async () => {
  const nats = await startNatsServer();
  try {
    start({ NATS_URL: nats.url });
    await eventually(answersReady, startMsMax);
    const family = processTree(child.pid ?? -1);
    await nats.kill9();
    await eventually(() => expect(answersReady()).rejects.toThrow("out of reach"));
    const { code, ms } = await stop("SIGTERM");
    expect(code, output).toBe(0);
    expect(ms, output).toBeLessThan(32_000);
    await noneLeft(family);
  } finally {
    await nats.stop();
  }
}, 90_000);

test("a second signal ends it at once with 1, a repeated one does not", async () => {
  start();
  await eventually(answersReady, startMsMax);
  const family = processTree(child.pid ?? -1);
  const slow = await open();
  slow.write("POST /v1/alerts HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n[");
  await eventually(async () => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(text).toMatch(/^tocsin_http_requests_in_flight 2$/m);
  });
  child.kill("SIGINT");
  child.kill("SIGINT");
  await eventually(() => expect(output).toContain("stopping"));
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(child.exitCode, "the request in flight is waited for").toBe(null);
  const { code, ms } = await stop("SIGINT");
  slow.destroy();
  expect(code, output).toBe(1);
  expect(ms).toBeLessThan(2_000);
  await noneLeft(family);
});

test("readers of its output that go away do not end it", async () => {
  start({ TOCSIN_LOG_LEVEL: "debug" });
  child.stdout?.destroy();
  child.stderr?.destroy();
  await eventually(answersReady, startMsMax);
  const family = processTree(child.pid ?? -1);
  expect(family.length, "the program, nats-server, the analytics process").toBeGreaterThan(2);
  const posted = await fetch(`http://127.0.0.1:${port}/v1/alerts`, {
    method: "POST",
    body: JSON.stringify({ labels: { alertname: "NobodyReads" } }),
    headers: { "content-type": "application/json" },
  });
  expect(posted.status).toBe(200);
  expect((await stop("SIGTERM")).code).toBe(0);
  await noneLeft(family);
});

const terminals = spawnSync("script", ["--version"]).status === 0;
if (!terminals) process.stderr.write("no program script, so no terminal to be closed\n");

test.skipIf(!terminals)("SIGHUP reloads; a terminal that is closed ends it", async () => {
  // Not every shell gives its process to its last command, and one that lives on leads the session:
  // the signal would end that shell, and its end close the terminal.
  start({}, (command) => ["script", "-qfc", `exec ${command.join(" ")}`, "/dev/null"]);
  await eventually(answersReady, startMsMax);
  const family = processTree(child.pid ?? -1);
  const [program] = processesOf(`main.ts --config ${dir}`).filter((pid) => pid !== child.pid);
  process.kill(program ?? -1, "SIGHUP");
  await eventually(() => expect(output).toContain("configuration reloaded"));
  await answersReady();
  // Without its master side the terminal is gone.
  child.kill("SIGKILL");
  await noneLeft(family);
});
