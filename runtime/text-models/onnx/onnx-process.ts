/**
 * The process that runs a model: the runtime is native code that computes on the thread that asks
 * and may crash, so it has a process of its own. It ends with the one that started it.
 */
import { openOnnxModel, type OnnxModel, type OnnxSettings } from "./onnx-model.ts";

export type OnnxRequest =
  | { kind: "open"; settings: OnnxSettings }
  | { kind: "embed"; id: number; texts: string[] };
export type OnnxReply =
  | { kind: "opened" }
  | { kind: "refused"; why: string }
  | { kind: "embedded"; id: number; vectors: Float32Array[]; tokens: number }
  | { kind: "failed"; id: number; why: string };

let model: OnnxModel | null = null;

function say(reply: OnnxReply): void {
  process.send?.(reply);
}

async function answer(request: OnnxRequest): Promise<void> {
  if (request.kind === "open") {
    try {
      model = await openOnnxModel(request.settings);
      say({ kind: "opened" });
    } catch (error) {
      say({ kind: "refused", why: (error as Error).message });
    }
    return;
  }
  const { id, texts } = request;
  try {
    if (model === null) throw new Error("the model is not open");
    say({ kind: "embedded", id, ...(await model.embed(texts)) });
  } catch (error) {
    say({ kind: "failed", id, why: (error as Error).message });
  }
}

process.on("message", (request: OnnxRequest) => void answer(request));
process.on("disconnect", () => process.exit(0));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => undefined);
