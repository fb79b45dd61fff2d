/**
 * Whether bytes are one JSON document of bounded depth in valid UTF-8: asked before JSON.parse
 * where objects are built, because those who walk a value afterwards recurse.
 */
import { isUtf8 } from "node:buffer";
import { ScanModule } from "./scan/scan-module.ts";

let scan: ScanModule | null = null;

/** @returns what is wrong with it, or null. */
export function jsonFault(bytes: Uint8Array): string | null {
  if (!isUtf8(bytes)) return "the body is not valid UTF-8";
  scan ??= new ScanModule();
  scan.put(bytes);
  const refusal = scan.refusal(scan.calls.check(bytes.length));
  return refusal === null ? null : `${refusal.message} (byte ${refusal.offset})`;
}
