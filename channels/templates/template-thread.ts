/**
 * The thread that renders: one sandbox, one request after the other, until the host ends it. A
 * sandbox that fails is of no further use, and the host is told so.
 */
import { parentPort, workerData } from "node:worker_threads";
import { SandboxEnded, WasiSandbox } from "./wasi-sandbox.ts";
import type { WasmModule } from "../../runtime/web-assembly.ts";

export type ThreadReply =
  | { kind: "answer"; json: string; memoryBytes: number }
  | { kind: "ended"; why: string; lastWords: string };

const port = parentPort;
if (port === null) throw new Error("template-thread.ts runs as a worker thread only");
const sandbox = new WasiSandbox((workerData as { module: WasmModule }).module);

port.on("message", (request: string) => port.postMessage(replyTo(request)));

function replyTo(request: string): ThreadReply {
  try {
    const json = sandbox.ask(request);
    return { kind: "answer", json, memoryBytes: sandbox.memoryBytes };
  } catch (error) {
    if (!(error instanceof SandboxEnded)) throw error;
    return { kind: "ended", why: error.message, lastWords: error.lastWords };
  }
}
