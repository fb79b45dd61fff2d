/** `npm run build:scan`: makes alert-scan.wasm anew from assembly/. */
import { writeFile } from "node:fs/promises";
import { buildModule } from "./module-build.ts";
import { moduleFile } from "./scan-module.ts";

const module = await buildModule();
await writeFile(moduleFile, module);
process.stdout.write(`${module.length} bytes\n`);
