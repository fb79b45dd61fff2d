#!/usr/bin/env node
/** The `tocsin` command: `npx` runs it on the machine's Node, it runs tocsin.ts on Node 22. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureInstall, programNode } from "./ensure-install.mjs";
import { handOver } from "./hand-over.mjs";

const cli = dirname(fileURLToPath(import.meta.url));
await ensureInstall(dirname(cli));
await handOver(programNode(dirname(cli)), [join(cli, "tocsin.ts"), ...process.argv.slice(2)]);
