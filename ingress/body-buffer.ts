/**
 * A request body as it streams in. Memory follows what has really arrived (a claimed length
 * reserves little), grows by doubling, and is counted against one budget for all requests.
 */

/** Size of the buffers that are used again, and how many may wait for that. */
const spareBytes = 64 * 1024;
const sparesMax = 64;
/** Bodies below this get memory of their own size. */
const smallBytesMax = 8 * 1024;

/** Bytes of request bodies that may be in memory at once. */
export class BodyBudget {
  used = 0;
  /**
   * Batches come in bodies of tens of kilobytes; allocated anew for each request they would keep
   * the garbage collector busier than the alerts keep us.
   */
  private readonly spares: Buffer[] = [];
  private readonly bytesMax: number;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  reserve(bytes: number): boolean {
    if (this.used + bytes > this.bytesMax) return false;
    this.used += bytes;
    return true;
  }

  free(bytes: number): void {
    this.used -= bytes;
  }

  /** A buffer for a body that is expected to fill much of it; at most sparesMax are kept. */
  take(): Buffer {
    return this.spares.pop() ?? Buffer.allocUnsafeSlow(spareBytes);
  }

  give(buffer: Buffer): void {
    if (buffer.length === spareBytes && this.spares.length < sparesMax) this.spares.push(buffer);
  }
}

/** A first allocation trusts Content-Length up to here. */
const trustedBytesMax = 64 * 1024;
const noBytes = Buffer.alloc(0);

export class BodyBuffer {
  private buffer: Buffer = noBytes;
  private length = 0;
  private reserved = 0;
  private readonly budget: BodyBudget;
  private readonly expectedBytes: number;
  private readonly bytesMax: number;

  /** @param expectedBytes the Content-Length, 0 when unknown. */
  constructor(budget: BodyBudget, expectedBytes: number, bytesMax: number) {
    this.budget = budget;
    this.expectedBytes = expectedBytes;
    this.bytesMax = bytesMax;
  }

  /** Copies a chunk, whose memory is only valid now. */
  append(chunk: ArrayBuffer): "kept" | "tooLarge" | "noBudget" {
    const length = this.length + chunk.byteLength;
    if (length > this.bytesMax) return "tooLarge";
    if (length > this.buffer.length && !this.grow(length)) return "noBudget";
    if (chunk.byteLength > 0) this.buffer.set(new Uint8Array(chunk), this.length);
    this.length = length;
    return "kept";
  }

  bytes(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  /** Reserves more of the budget on this body's account. */
  reserve(bytes: number): boolean {
    if (!this.budget.reserve(bytes)) return false;
    this.reserved += bytes;
    return true;
  }

  /** Gives its memory back; harmless when repeated. */
  free(): void {
    this.budget.free(this.reserved);
    this.budget.give(this.buffer);
    this.reserved = 0;
    this.buffer = noBytes;
    this.length = 0;
  }

  private grow(needed: number): boolean {
    let size = Math.max(this.buffer.length * 2, Math.min(this.expectedBytes, trustedBytesMax));
    if (this.buffer.length > 0 && this.expectedBytes >= needed) {
      size = Math.min(size, this.expectedBytes);
    }
    size = Math.min(Math.max(size, needed), Math.max(this.bytesMax, needed));
    if (size > smallBytesMax && size < spareBytes) size = spareBytes;
    // While both buffers exist only the larger is counted: a copy is over in this very call.
    if (!this.reserve(size - this.buffer.length)) return false;
    const larger = size === spareBytes ? this.budget.take() : Buffer.allocUnsafeSlow(size);
    larger.set(this.buffer.subarray(0, this.length));
    this.budget.give(this.buffer);
    this.buffer = larger;
    return true;
  }
}
