/**
 * `npm start`: installs what is missing, then runs main.ts on Node 22 with our arguments.
 * Progress goes to standard error; standard output belongs to the program.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureInstall, programNode } from "./ensure-install.mjs";
import { handOver } from "./hand-over.mjs";

/**
 * For glibc's allocator, which reads it once, as the program begins. By itself it keeps large
 * blocks after the first one that was freed; what a storm leaves free then stays resident. Lower
 * limits, or fewer arenas, save a little more and cost throughput. What the caller has set stays.
 */
const allocator = {
  MALLOC_MMAP_THRESHOLD_: "262144",
  MALLOC_TRIM_THRESHOLD_: "4194304",
};

const root = dirname(dirname(fileURLToPath(import.meta.url)));
await ensureInstall(root);
const args = [join(root, "main.ts"), ...process.argv.slice(2)];
await handOver(programNode(root), args, { ...allocator, ...process.env });
