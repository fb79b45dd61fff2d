/** Makes the module from assembly/, with the compiler that the lock file names. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { bodyAt } from "./row-layout.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const compiler = join(root, "node_modules", "assemblyscript", "bin", "asc.js");
const pageBytes = 65_536;
/** As the memory is at first, there is room for bodies of this size. */
const bodyPages = 4;

/** @throws when it does not compile; what the compiler says is in the error. */
export async function buildModule(): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "tocsin-scan-"));
  const target = join(folder, "alert-scan.wasm");
  const pages = bodyAt / pageBytes + bodyPages;
  try {
    await promisify(execFile)(
      process.execPath,
      [
        ...[compiler, "ingress/scan/assembly/alert-scan.ts", "--outFile", target],
        ...["-O3", "--converge", "--noAssert", "--runtime", "stub", "--enable", "simd"],
        ...["--initialMemory", `${pages}`],
      ],
      { cwd: root },
    );
    return await readFile(target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
