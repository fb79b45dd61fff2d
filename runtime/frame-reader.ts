/**
 * Reads alert frames (frame.ts) with a cursor: one reader serves any number of frames, and moving
 * it along builds no object. `open` checks the whole frame first, so a frame is either read to its
 * end or refused before anyone has seen a record of it.
 */
import { frameFlags, frameHeadBytes, frameMagic, frameVersion, recordHeadBytes } from "./frame.ts";

const knownFlags = frameFlags.endsByTimeout | frameFlags.rejection | frameFlags.contentKnown;

export class FrameReader {
  receivedAtMs = 0;

  // The current record, valid after `next()` returned true.
  flags = 0;
  /** Signed 32-bit, as is contentHash: the engine keeps those unboxed. */
  fingerprintHigh = 0;
  fingerprintLow = 0;
  contentHash = 0;
  count = 0;
  startsAtMs = 0;
  endsAtMs = 0;

  #frame: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #payloadStart = 0;
  #payloadEnd = 0;

  /**
   * Starts on a frame, before its first record. The frame's bytes must not change meanwhile.
   * @throws Error saying where and how the frame is corrupt.
   */
  open(frame: Uint8Array): void {
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    checkFrame(view);
    this.#frame = frame;
    this.#view = view;
    this.#payloadEnd = frameHeadBytes;
    this.receivedAtMs = view.getFloat64(8, true);
  }

  /** Moves to the next record; false after the last one. */
  next(): boolean {
    const view = this.#view;
    const at = this.#payloadEnd;
    if (at >= view.byteLength) return false;
    this.flags = view.getUint32(at + 4, true);
    this.fingerprintHigh = view.getInt32(at + 8, true);
    this.fingerprintLow = view.getInt32(at + 12, true);
    this.contentHash = view.getInt32(at + 16, true);
    this.count = view.getUint32(at + 20, true);
    this.startsAtMs = view.getFloat64(at + 24, true);
    this.endsAtMs = view.getFloat64(at + 32, true);
    this.#payloadStart = at + recordHeadBytes;
    this.#payloadEnd = this.#payloadStart + view.getUint32(at, true);
    return true;
  }

  /**
   * Halves of the fingerprints of the records to come, as many as `pairs` has room for.
   * @returns how many records it read; the reader stays where it is.
   */
  lookAhead(pairs: Int32Array): number {
    const view = this.#view;
    let count = 0;
    for (let at = this.#payloadEnd; at < view.byteLength; count += 1) {
      if (count * 2 >= pairs.length) break;
      pairs[count * 2] = view.getInt32(at + 8, true);
      pairs[count * 2 + 1] = view.getInt32(at + 12, true);
      at += recordHeadBytes + view.getUint32(at, true);
    }
    return count;
  }

  /** A view into the frame: whoever keeps it keeps the frame, so copy what has to stay. */
  payload(): Uint8Array {
    return this.#frame.subarray(this.#payloadStart, this.#payloadEnd);
  }

  /** Lets go of the frame's memory. */
  close(): void {
    this.open(emptyFrame);
  }
}

const emptyFrame = new Uint8Array(frameHeadBytes);
emptyFrame[0] = frameMagic;
emptyFrame[1] = frameVersion;

function checkFrame(view: DataView): void {
  const frameBytes = view.byteLength;
  if (frameBytes < frameHeadBytes) {
    throw new Error(`corrupt frame: ${frameBytes} bytes are no frame head`);
  }
  const magic = view.getUint8(0);
  const version = view.getUint8(1);
  if (magic !== frameMagic || version !== frameVersion) {
    throw new Error(`not an alert frame of version ${frameVersion}: starts ${magic}, ${version}`);
  }
  const records = view.getUint32(4, true);
  let at = frameHeadBytes;
  for (let index = 0; index < records; index++) {
    if (at + recordHeadBytes > frameBytes) {
      throw new Error(`corrupt frame: ends in the head of record ${index} of ${records}`);
    }
    const payloadEnd = at + recordHeadBytes + view.getUint32(at, true);
    if (payloadEnd > frameBytes) {
      throw new Error(`corrupt frame: ends in the payload of record ${index} of ${records}`);
    }
    const flags = view.getUint32(at + 4, true);
    if ((flags & ~knownFlags) !== 0) {
      throw new Error(`corrupt frame: record ${index} has unknown flags ${flags}`);
    }
    const isReference = (flags & frameFlags.contentKnown) !== 0;
    if (isReference && payloadEnd > at + recordHeadBytes) {
      throw new Error(`corrupt frame: record ${index} refers to known content and has its own`);
    }
    const startsAtMs = view.getFloat64(at + 24, true);
    const endsAtMs = view.getFloat64(at + 32, true);
    const timed = Number.isFinite(startsAtMs) && Number.isFinite(endsAtMs);
    if (!timed && (flags & frameFlags.rejection) === 0) {
      throw new Error(`corrupt frame: record ${index} has times ${startsAtMs}, ${endsAtMs}`);
    }
    at = payloadEnd;
  }
  if (at !== frameBytes) {
    const extraBytes = frameBytes - at;
    throw new Error(`corrupt frame: ${extraBytes} bytes follow the last of ${records} records`);
  }
}
