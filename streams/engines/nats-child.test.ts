import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "@nats-io/transport-node";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Logger } from "../../runtime/ports.ts";
import { describeDurability, readDurability } from "./durability.ts";
import { freePort, isFree } from "./free-port.ts";
import { findNatsServer, type NatsBinary } from "./nats-binary.ts";
import { startNats, type NatsChild, type NatsChildOptions } from "./nats-child.ts";
import { isAlive } from "./process-table.ts";

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
let dataDir: string;
let started: NatsChild[] = [];
let strangers: ChildProcess[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "tocsin-child-"));
});
afterEach(async () => {
  for (const child of started) await child.stop();
  for (const stranger of strangers) stranger.kill("SIGKILL");
  started = [];
  strangers = [];
  rmSync(dataDir, { recursive: true, force: true });
});

async function binary(): Promise<NatsBinary> {
  const search = await findNatsServer(process.env);
  if (search.binary === null) throw new Error(search.looked.join("; "));
  return search.binary;
}

async function start(changes: Partial<NatsChildOptions> = {}): Promise<NatsChild> {
  const options = { dataDir, port: 0, durability: "default", log: silent } as const;
  const child = await startNats({ ...options, binary: await binary(), ...changes });
  started.push(child);
  return child;
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + 15_000;
  while (!(await condition())) {
    if (Date.now() > deadlineMs) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("kill -9 of the server: it is back on the same ports with what it acknowledged", async () => {
  const child = await start();
  const exits: (string | null)[] = [];
  child.onExit((exit) => exits.push(exit.signal));
  const client = await connect({ servers: child.url, reconnectTimeWait: 50 });
  await (await jetstreamManager(client)).streams.add({ name: "S", subjects: ["s.>"] });
  await jetstream(client).publish("s.a", "x");
  const pid = child.pid();
  process.kill(pid, "SIGKILL");
  await until("a new process", () => child.pid() !== -1 && child.pid() !== pid);

  await until("the same client reads again", async () => {
    try {
      const manager = await jetstreamManager(client, { timeout: 500 });
      const info = await manager.streams.info("S");
      return info.state.messages === 1;
    } catch {
      return false;
    }
  });
  expect(exits).toEqual(["SIGKILL"]);
  await client.close();
});

test("stop ends it for good", async () => {
  const child = await start();
  const pid = child.pid();
  const exits: unknown[] = [];
  child.onExit((exit) => exits.push(exit));
  await child.stop();
  await child.stop();
  expect(isAlive(pid)).toBe(false);
  expect(child.pid()).toBe(-1);
  expect(exits).toEqual([]);
});

/** Starts nats-server from a process of its own, as a Tocsin does, and says the server's id. */
const parentScript = `
  const [moduleUrl, dataDir, path, version] = process.argv.slice(1);
  const { startNats } = await import(moduleUrl);
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const binary = { path, version };
  const child = await startNats({ dataDir, port: 0, durability: "default", log, binary });
  process.stdout.write(child.pid() + "\\n");
  setInterval(() => {}, 1000);
`;

test("kill -9 of the parent: the orphan is ended before its store is used again", async () => {
  const { path, version } = await binary();
  const moduleUrl = new URL("./nats-child.ts", import.meta.url).href;
  const args = ["--input-type=module", "-e", parentScript, moduleUrl, dataDir, path, version];
  const parent = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  strangers.push(parent);
  const orphanPid = await new Promise<number>((resolve, reject) => {
    parent.stdout.once("data", (data) => resolve(Number(String(data))));
    parent.once("exit", () => reject(new Error("the parent did not start nats-server")));
  });
  const gone = new Promise((resolve) => parent.once("close", resolve));
  parent.kill("SIGKILL");
  await gone;
  expect(isAlive(orphanPid)).toBe(true);

  const warnings: string[] = [];
  const log: Logger = { ...silent, warn: (_fields, message) => void warnings.push(message) };
  const next = await start({ log });
  expect(isAlive(orphanPid)).toBe(false);
  expect(warnings).toEqual(["ending the nats-server that an earlier run left behind"]);
  const client = await connect({ servers: next.url });
  await client.flush();
  await client.close();
});

test("a stale pid file never gets a stranger killed", async () => {
  const first = await start();
  await first.stop();
  const stranger = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  strangers.push(stranger);
  writeFileSync(join(dataDir, "nats", "pid"), String(stranger.pid));
  await start();
  expect(isAlive(stranger.pid!)).toBe(true);
});

test("durability in force is read from the server, and said", async () => {
  const always = await start({ durability: "always" });
  const strict = await readDurability(always.monitorUrl);
  expect(strict).toMatchObject({ syncAlways: true, version: always.version });
  expect(describeDurability(strict)).toContain("power cut");
  await always.stop();

  const usual = await start();
  const loose = await readDurability(usual.monitorUrl);
  expect(loose).toMatchObject({ syncAlways: false, syncIntervalMs: 120_000 });
  expect(describeDurability(loose)).toContain("120 s");
});

test("a wanted port that is taken is refused with a sentence", async () => {
  const port = await freePort();
  const squatter = createServer().listen({ host: "127.0.0.1", port });
  await once(squatter, "listening");
  await expect(start({ port })).rejects.toThrow(`port ${port} for nats-server is in use`);
  squatter.close();
});

test("a server that cannot start says why, with its own words", async () => {
  const bad = { path: process.execPath, version: "0" };
  await expect(start({ binary: bad })).rejects.toThrow(/nats-server did not start/);
  const missing = { path: join(dataDir, "absent"), version: "0" };
  await expect(start({ binary: missing })).rejects.toThrow(/ENOENT/);
});

test("it listens on loopback only and picks ports that nobody else has", async () => {
  const child = await start();
  const port = Number(new URL(child.url).port);
  const config = readFileSync(join(dataDir, "nats", "nats.conf"), "utf8");
  expect(config).toContain(`host: "127.0.0.1"\nport: ${port}\n`);
  expect(await isFree(port)).toBe(false);
});
