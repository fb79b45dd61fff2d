/**
 * The template engine: Go's standard library, compiled from go/ by build.ts (see NOTICE). It is
 * kept compressed and compiled once per process, at the first use.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";
import { webAssembly } from "../../runtime/web-assembly.ts";
import type { WasmModule } from "../../runtime/web-assembly.ts";

export const moduleFile: URL = new URL("go-templates.wasm.br", import.meta.url);
/** The SHA-256 of the module, not compressed, in hexadecimal. */
export const digestFile: URL = new URL("go-templates.wasm.sha256", import.meta.url);

let compiled: Promise<WasmModule> | null = null;

/** @throws when the file is damaged or from another build than its digest. */
export function templateModule(): Promise<WasmModule> {
  compiled ??= compile();
  return compiled;
}

async function compile(): Promise<WasmModule> {
  const bytes = await promisify(brotliDecompress)(await readFile(moduleFile));
  const digest = createHash("sha256").update(bytes).digest("hex");
  const expected = (await readFile(digestFile, "utf8")).trim();
  if (digest !== expected) {
    throw new Error(`go-templates.wasm.br: its SHA-256 is ${digest}, expected ${expected}`);
  }
  return await webAssembly.compile(new Uint8Array(bytes));
}
