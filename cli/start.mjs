/**
 * `npm start`: installs what is missing, then runs main.ts on Node 22 with our arguments.
 * Progress goes to standard error; standard output belongs to the program.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureInstall, programNode } from "./ensure-install.mjs";
import { handOver } from "./hand-over.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
await ensureInstall(root);
await handOver(programNode(root), [join(root, "main.ts"), ...process.argv.slice(2)]);
