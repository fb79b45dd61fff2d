/** Whether the committed module is what its sources make. Needs Go, so only when asked for. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { brotliDecompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { buildModule, digestOf } from "./module-build.ts";
import { digestFile, moduleFile } from "./template-module.ts";

const digest = readFileSync(digestFile, "utf8").trim();
const compressed = readFileSync(moduleFile);

test("the module is the one of its digest, and small enough to be carried along", () => {
  expect(digestOf(brotliDecompressSync(compressed))).toBe(digest);
  expect(compressed.length).toBeLessThan(1.5 * 1024 * 1024);
});

test("a new build from go/ gives the same bytes", async ({ skip }) => {
  skip(process.env["TOCSIN_REBUILD_TEMPLATES"] !== "1", "TOCSIN_REBUILD_TEMPLATES=1 asks for it");
  const go = execFileSync(process.env["GO"] ?? "go", ["version"], { encoding: "utf8" });
  expect(digestOf(await buildModule()), go).toBe(digest);
}, 120_000);
