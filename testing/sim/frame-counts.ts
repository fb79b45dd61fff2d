/** Counts the alerts of raw frames, independently of the reader that production uses. */
import { frameFlags, frameHeadBytes, frameMagic, recordHeadBytes } from "../../runtime/frame.ts";

/** Alerts per fingerprint; rejected ones under "rejected". Records that are no frames: skipped. */
export function countByFingerprint(inputs: Uint8Array[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const data of inputs) {
    if (data[0] !== frameMagic) continue;
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const records = view.getUint32(4, true);
    let at = frameHeadBytes;
    for (let index = 0; index < records; index++) {
      const rejected = (view.getUint32(at + 4, true) & frameFlags.rejection) !== 0;
      const word = (offset: number): string =>
        view.getUint32(at + offset, true).toString(16).padStart(8, "0");
      const key = rejected ? "rejected" : word(8) + word(12);
      counts.set(key, (counts.get(key) ?? 0) + view.getUint32(at + 20, true));
      at += recordHeadBytes + view.getUint32(at, true);
    }
  }
  return counts;
}
