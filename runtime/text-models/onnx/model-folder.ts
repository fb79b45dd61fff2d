/** Where a model's files are in its folder. */
import { existsSync } from "node:fs";
import { join } from "node:path";

/** The model of a folder as Hugging Face and sentence-transformers lay it out; null: none. */
export function onnxFile(folder: string): string | null {
  const places = [join(folder, "model.onnx"), join(folder, "onnx", "model.onnx")];
  return places.find((file) => existsSync(file)) ?? null;
}
