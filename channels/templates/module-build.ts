/**
 * Compiles go/ to the template module, as build.ts and the test that compares use it. Needs the
 * Go that go/go.mod names, as `go` or as the environment's GO says. The same sources and the same
 * Go give the same bytes.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** Where the module's memory ends: 256 MiB. */
const memoryPagesMax = 4_096;
const memorySectionId = 5;

/** @returns the module, not compressed. @throws what the compiler says. */
export async function buildModule(): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "tocsin-templates-"));
  try {
    const file = join(folder, "templates.wasm");
    await promisify(execFile)(
      process.env["GO"] ?? "go",
      [
        ...["build", "-trimpath", "-buildvcs=false", "-buildmode=c-shared"],
        ...["-ldflags=-s -w -buildid=", "-o", file, "."],
      ],
      {
        cwd: join(import.meta.dirname, "go"),
        env: { ...process.env, GOOS: "wasip1", GOARCH: "wasm", GOFLAGS: "", GOTOOLCHAIN: "local" },
      },
    );
    return withMemoryLimit(await readFile(file));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The compiler leaves the memory without a maximum; this writes one into the module. */
function withMemoryLimit(module: Buffer): Buffer {
  let at = 8;
  while (at < module.length) {
    const id = module[at];
    const size = readNumber(module, at + 1);
    const bodyAt = size.next;
    if (id === memorySectionId) {
      // One memory: count 1, flags 0 (no maximum), its first size.
      const pages = readNumber(module, bodyAt + 2);
      if (module[bodyAt] !== 1 || module[bodyAt + 1] !== 0) {
        throw new Error("the module's memory section is not as expected");
      }
      const body = Buffer.from([1, 1, ...asNumber(pages.value), ...asNumber(memoryPagesMax)]);
      const head = Buffer.from([memorySectionId, ...asNumber(body.length)]);
      const rest = module.subarray(bodyAt + size.value);
      return Buffer.concat([module.subarray(0, at), head, body, rest]);
    }
    at = bodyAt + size.value;
  }
  throw new Error("the module has no memory section");
}

/** Numbers in a module are LEB128: seven bits a byte, lowest first. */
function readNumber(bytes: Buffer, at: number): { value: number; next: number } {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++] ?? 0;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, next: at };
  }
}

function asNumber(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...asNumber(value >>> 7)];
}

export const digestOf = (module: Buffer): string =>
  createHash("sha256").update(module).digest("hex");
