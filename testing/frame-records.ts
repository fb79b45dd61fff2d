/** Alert frames as plain objects, for assertions. */
import { FrameReader } from "../runtime/frame-reader.ts";

export type FrameRecord = {
  partition: number;
  fingerprint: string;
  flags: number;
  contentHash: number;
  count: number;
  startsAtMs: number;
  endsAtMs: number;
  payload: string;
};

export function readFrame(partition: number, frame: Uint8Array): FrameRecord[] {
  const reader = new FrameReader();
  reader.open(frame);
  const records: FrameRecord[] = [];
  while (reader.next()) {
    records.push({
      partition,
      fingerprint: hex(reader.fingerprintHigh) + hex(reader.fingerprintLow),
      flags: reader.flags,
      contentHash: reader.contentHash >>> 0,
      count: reader.count,
      startsAtMs: reader.startsAtMs,
      endsAtMs: reader.endsAtMs,
      payload: Buffer.from(reader.payload()).toString(),
    });
  }
  return records;
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
