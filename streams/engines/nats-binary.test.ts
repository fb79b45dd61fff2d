import { spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cacheDir, ensureNatsServer, findNatsServer } from "./nats-binary.ts";
import { releasePlatform, releaseSha256, releaseSource, type NatsSource } from "./nats-sources.ts";
import { isRecentEnough, parseVersion } from "./nats-version.ts";

let dir: string;
let env: NodeJS.ProcessEnv;
let server: Server | null = null;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tocsin-binary-"));
  env = { PATH: join(dir, "path"), TOCSIN_CACHE: join(dir, "cache"), HOME: dir };
});
afterEach(() => {
  server?.close();
  server = null;
  rmSync(dir, { recursive: true, force: true });
});

/** A program that answers --version as nats-server does. */
function program(path: string, version: string): void {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho "nats-server: v${version}"\n`);
  chmodSync(path, 0o755);
}

function source(name: string, obtain: (dir: string) => void): NatsSource {
  return { name, doing: `trying ${name}`, obtain: async (into) => obtain(into) };
}

async function said(sources: NatsSource[]): Promise<{ lines: string[]; result: unknown }> {
  const lines: string[] = [];
  const say = (line: string) => void lines.push(line);
  const result = await ensureNatsServer({ env, sources, say }).catch((error: Error) => error);
  return { lines, result };
}

test("versions: releases compare by number, a pre-release is older than its release", () => {
  expect(parseVersion("nats-server: v2.15.2")).toBe("2.15.2");
  expect(parseVersion("garbage")).toBe(null);
  const recent = ["2.15.0", "2.15.10", "2.100.0", "3.0.0", "2.16.0-RC.1"];
  const old = ["2.14.99", "1.99.99", "2.15.0-RC.2", "2.9.22"];
  expect(recent.filter((version) => !isRecentEnough(version))).toEqual([]);
  expect(old.filter(isRecentEnough)).toEqual([]);
});

test("a recent one on PATH is used and nothing is said", async () => {
  program(join(dir, "path", "nats-server"), "2.15.0");
  const { lines, result } = await said([]);
  expect(result).toEqual({
    path: join(dir, "path", "nats-server"),
    version: "2.15.0",
    source: "PATH",
  });
  expect(lines).toEqual([]);
});

test("an old one is passed over; the first source that works fills the cache, once", async () => {
  program(join(dir, "path", "nats-server"), "2.10.1");
  const sources = [
    source("first", () => {
      throw new Error("no network");
    }),
    source("second", (into) => program(join(into, "nats-server"), "2.12.0")),
    source("third", (into) => program(join(into, "nats-server"), "2.15.1")),
    source("fourth", () => expect.unreachable()),
  ];
  const { lines, result } = await said(sources);
  const path = join(dir, "cache", "bin", "nats-server");
  expect(result).toEqual({ path, version: "2.15.1", source: "third" });
  expect(lines.join("\n")).toContain("first does not work here: no network");
  expect(lines.join("\n")).toContain("second does not work here: it delivered v2.12.0");
  expect(readdirSync(join(dir, "cache"))).toEqual(["bin"]);

  const again = await said([]);
  expect(again).toEqual({ lines: [], result: { path, version: "2.15.1", source: "cache" } });
});

test("when all sources fail, one message lists each with its reason and what to do", async () => {
  const failing = ["alpha", "beta"].map((name) =>
    source(name, () => {
      throw new Error(`${name} is away`);
    }),
  );
  const { result } = await said(failing);
  expect((result as Error).message).toBe(
    "no nats-server could be found or fetched:\n" +
      "  - PATH: not found\n" +
      `  - cache: ${join(dir, "cache", "bin", "nats-server")}: not found\n` +
      "  - alpha: alpha is away\n" +
      "  - beta: beta is away\n" +
      "Install nats-server >= 2.15.0 so that it is on PATH (or name it in TOCSIN_NATS_SERVER), " +
      "or set NATS_URL to a running server.",
  );
});

test("two starts at once fetch once", async () => {
  let fetched = 0;
  const slow: NatsSource = {
    name: "slow",
    doing: "fetching slowly",
    async obtain(into) {
      fetched++;
      await new Promise((resolve) => setTimeout(resolve, 100));
      program(join(into, "nats-server"), "2.15.1");
    },
  };
  const both = await Promise.all([said([slow]), said([slow])]);
  expect(fetched).toBe(1);
  expect(both.map(({ result }) => (result as { version: string }).version)).toEqual([
    "2.15.1",
    "2.15.1",
  ]);
});

test("the release archive is unpacked only when its checksum is the pinned one", async () => {
  const stem = "nats-server-v2.15.0-test-arch";
  program(join(dir, stem, "nats-server"), "2.15.0");
  const archive = join(dir, "archive.tar.gz");
  spawnSync("tar", ["-czf", archive, "-C", dir, stem]);
  server = createServer((request, response) => {
    const found = request.url === `/v2.15.0/${stem}.tar.gz`;
    response.statusCode = found ? 200 : 404;
    response.end(found ? readFileSync(archive) : "");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sum = spawnSync("sha256sum", [archive], { encoding: "utf8" }).stdout.split(" ")[0]!;

  releaseSha256["test-arch"] = "0".repeat(64);
  const refused = await said([releaseSource("test-arch", base)]);
  expect((refused.result as Error).message).toContain(`wrong checksum: got ${sum}`);
  expect(existsSync(join(dir, "cache", "bin"))).toBe(false);

  releaseSha256["test-arch"] = sum;
  const accepted = await said([releaseSource("test-arch", base)]);
  expect(accepted.result).toMatchObject({ version: "2.15.0", source: "official release" });
  delete releaseSha256["test-arch"];

  rmSync(join(dir, "cache"), { recursive: true });
  const unknown = await said([releaseSource("plan9-mips", base)]);
  expect((unknown.result as Error).message).toContain("no pinned checksum for plan9-mips");
});

test("platform names are the release's; the cache follows TOCSIN_CACHE, XDG, HOME", () => {
  expect(releasePlatform("linux", "x64")).toBe("linux-amd64");
  expect(releasePlatform("darwin", "arm64")).toBe("darwin-arm64");
  expect(cacheDir({ TOCSIN_CACHE: "/c", XDG_CACHE_HOME: "/x", HOME: "/h" })).toBe("/c");
  expect(cacheDir({ XDG_CACHE_HOME: "/x", HOME: "/h" })).toBe("/x/tocsin");
  expect(cacheDir({ HOME: "/h" })).toBe("/h/.cache/tocsin");
});

test("TOCSIN_NATS_SERVER goes first; what cannot be run is named", async () => {
  program(join(dir, "path", "nats-server"), "2.15.0");
  program(join(dir, "own", "server"), "2.16.0");
  env["TOCSIN_NATS_SERVER"] = join(dir, "own", "server");
  expect((await findNatsServer(env)).binary?.source).toBe("TOCSIN_NATS_SERVER");

  writeFileSync(join(dir, "own", "broken"), "");
  env["TOCSIN_NATS_SERVER"] = join(dir, "own", "broken");
  const search = await findNatsServer(env);
  expect(search.binary?.source).toBe("PATH");
  expect(search.looked[0]).toMatch(/^TOCSIN_NATS_SERVER: .*broken: cannot be run/);
});
