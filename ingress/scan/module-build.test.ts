/** Whether the committed module is what its sources make. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { buildModule } from "./module-build.ts";
import { moduleFile } from "./scan-module.ts";

test("a new build from assembly/ gives the same bytes", async () => {
  const built = await buildModule();
  expect(built.equals(readFileSync(moduleFile)), "npm run build:scan makes it anew").toBe(true);
}, 60_000);
