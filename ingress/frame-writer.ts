/**
 * Writes alert frames (layout: runtime/frame.ts) into reusable buffers: an alert costs ten
 * stores and one copy of its bytes.
 */
import {
  frameHeadBytes,
  frameFlags,
  frameMagic,
  frameVersion,
  recordHeadBytes,
} from "../runtime/frame.ts";

/** What the head of an alert's record says. Reused by its writer: copy, never keep. */
export type AlertHead = {
  flags: number;
  high: number;
  low: number;
  contentHash: number;
  startsAtMs: number;
  endsAtMs: number;
};

/** Buffers kept for reuse; more than this are left to the garbage collector. */
const sparesMax = 64;

export class FrameWriter {
  readonly partition: number;
  records = 0;
  used = frameHeadBytes;

  private buffer: Buffer;
  private view: DataView;

  constructor(partition: number, buffer: Buffer, receivedAtMs: number) {
    this.partition = partition;
    this.buffer = buffer;
    this.view = viewOf(buffer);
    this.view.setUint8(0, frameMagic);
    this.view.setUint8(1, frameVersion);
    this.view.setUint16(2, 0, true);
    this.view.setFloat64(8, receivedAtMs, true);
  }

  alert(head: AlertHead, source: Uint8Array, start: number, end: number): void {
    const at = this.head(end - start, head.flags, 1);
    const { view } = this;
    view.setUint32(at + 8, head.high, true);
    view.setUint32(at + 12, head.low, true);
    view.setUint32(at + 16, head.contentHash, true);
    view.setFloat64(at + 24, head.startsAtMs, true);
    view.setFloat64(at + 32, head.endsAtMs, true);
    if (end > start) this.buffer.set(source.subarray(start, end), at + recordHeadBytes);
  }

  /** @param payload {"reason","detail"} as JSON; it stands for `count` refused alerts. */
  rejection(payload: Uint8Array, count: number): void {
    const at = this.head(payload.length, frameFlags.rejection, count);
    this.view.setUint32(at + 8, 0, true);
    this.view.setUint32(at + 12, 0, true);
    this.view.setUint32(at + 16, 0, true);
    this.view.setFloat64(at + 24, 0, true);
    this.view.setFloat64(at + 32, 0, true);
    this.buffer.set(payload, at + recordHeadBytes);
  }

  /** The finished frame, a part of the buffer. */
  bytes(): Uint8Array {
    this.view.setUint32(4, this.records, true);
    return this.buffer.subarray(0, this.used);
  }

  /** The buffer, for reuse once nobody reads the frame any more. */
  release(): Buffer {
    return this.buffer;
  }

  private head(payloadBytes: number, flags: number, count: number): number {
    const at = this.used;
    const end = at + recordHeadBytes + payloadBytes;
    if (end > this.buffer.length) this.grow(end);
    this.view.setUint32(at, payloadBytes, true);
    this.view.setUint32(at + 4, flags, true);
    this.view.setUint32(at + 20, count, true);
    this.used = end;
    this.records += 1;
    return at;
  }

  private grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
    larger.set(this.buffer.subarray(0, this.used));
    this.buffer = larger;
    this.view = viewOf(larger);
  }
}

/** Hands out buffers of one size and takes them back, at most `sparesMax` of them. */
export class FrameBuffers {
  private readonly spares: Buffer[] = [];
  private readonly bytes: number;

  constructor(bytes: number) {
    this.bytes = bytes;
  }

  /** @param bytes at least so many; a buffer for more than usual is not used again. */
  take(bytes = 0): Buffer {
    if (bytes > this.bytes) return Buffer.allocUnsafeSlow(bytes);
    return this.spares.pop() ?? Buffer.allocUnsafeSlow(this.bytes);
  }

  give(buffer: Buffer): void {
    if (buffer.length === this.bytes && this.spares.length < sparesMax) this.spares.push(buffer);
  }
}

export function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
}
