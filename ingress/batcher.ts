/**
 * Gathers the alerts of concurrent requests into few, large frames per partition: the group
 * commit of ingest (design, section 4).
 *
 * B1 Open frames leave together, at the end of the event loop's turn but not sooner than
 *    `lingerMs` after the last departure; a frame that reaches `frameBytesTarget` leaves at once.
 *    So whoever sends now and then does not wait, and load packs. Nor do `worthLeaving` requests
 *    of one turn wait where nothing is on its way: who would still come may wait for them.
 *    Where many requests share small frames and more are coming, they wait for up to another
 *    `lingerMs`: a frame costs the processors as much as some six requests of one alert.
 * B2 At most `framesInFlightMax` frames are unanswered; more wait here and grow. At most
 *    `pendingBytesMax` bytes are held in all: beyond it, `admits` says no.
 * B3 A frame is never larger than `frameBytesMax`, which is below NATS' max_payload of 1 MB.
 */
import { recordHeadBytes } from "../runtime/frame.ts";
import type { Confirmations } from "./confirmations.ts";
import { type AlertHead, FrameBuffers, FrameWriter } from "./frame-writer.ts";
import type { Ticket } from "./ticket.ts";

/**
 * Appends a frame to a partition's input; resolves once it is durable. The bytes are valid
 * until the promise settles, and it must settle in bounded time.
 * Rejects with RetryableError (retryAfterMs: the log's wish) when nothing may be assumed.
 */
export type PublishFrame = (partition: number, frame: Uint8Array) => Promise<unknown>;

export type BatchLimits = {
  frameBytesTarget: number;
  frameBytesMax: number;
  lingerMs: number;
  framesInFlightMax: number;
  pendingBytesMax: number;
};

export const defaultBatchLimits: BatchLimits = {
  frameBytesTarget: 128 * 1024,
  frameBytesMax: 768 * 1024,
  lingerMs: 2,
  framesInFlightMax: 64,
  pendingBytesMax: 64 * 1024 * 1024,
};

/** Requests of one turn; waiting for more of them would only stop those who sent them. */
const worthLeaving = 8;
/** Frames with fewer bytes than this on average, of so many requests in all, may wait on... */
const smallFrameBytes = 1024;
const manyRequests = 64;
/** ...if so many come in one turn of the event loop: those who wait already send no others. */
const stillComing = 8;
/** In so many parts may the second linger end. */
const waitParts = 2;

export class Batcher {
  /** Frames handed to the log, and those it refused. */
  framesSent = 0;
  framesFailed = 0;
  inFlight = 0;
  pendingBytes = 0;

  readonly partitions: number;
  private readonly publishFrame: PublishFrame;
  private readonly limits: BatchLimits;
  private readonly buffers: FrameBuffers;
  private readonly open: (FrameWriter | null)[];
  private openCount = 0;
  /** Requests since the last departure, and the newest of them. */
  private openRequests = 0;
  private newest: Ticket | null = null;
  private opened = 0;
  private firstToDepart = 0;
  private readonly full: FrameWriter[] = [];
  private scheduled = false;
  private departedMs = Number.NEGATIVE_INFINITY;
  private idle: (() => void)[] = [];

  constructor(partitions: number, publishFrame: PublishFrame, limits: Partial<BatchLimits> = {}) {
    this.partitions = partitions;
    this.publishFrame = publishFrame;
    this.limits = { ...defaultBatchLimits, ...limits };
    this.buffers = new FrameBuffers(Math.ceil(this.limits.frameBytesTarget * 1.5));
    this.open = Array.from({ length: partitions }, () => null);
  }

  /** Whether a request of so many bytes may still come in. */
  admits(bytes: number): boolean {
    return this.pendingBytes === 0 || this.pendingBytes + bytes <= this.limits.pendingBytesMax;
  }

  /** @returns what its frame confirms once it is durable; the caller may add to it at once. */
  alert(
    ticket: Ticket,
    partition: number,
    receivedAtMs: number,
    head: AlertHead,
    source: Uint8Array,
    start: number,
    end: number,
  ): Confirmations {
    const frame = this.frameFor(ticket, partition, receivedAtMs, end - start);
    frame.alert(head, source, start, end);
    this.appended(frame, end - start);
    return frame.confirmations;
  }

  rejection(
    ticket: Ticket,
    partition: number,
    receivedAtMs: number,
    payload: Uint8Array,
    count: number,
  ): void {
    const frame = this.frameFor(ticket, partition, receivedAtMs, payload.length);
    frame.rejection(payload, count);
    this.appended(frame, payload.length);
  }

  /** Resolves when nothing is open or on its way. */
  async drained(): Promise<void> {
    if (this.openCount + this.full.length + this.inFlight === 0) return;
    await new Promise<void>((resolve) => this.idle.push(resolve));
  }

  private frameFor(
    ticket: Ticket,
    partition: number,
    receivedAtMs: number,
    payloadBytes: number,
  ): FrameWriter {
    let frame = this.open[partition] ?? null;
    if (
      frame !== null &&
      frame.used + recordHeadBytes + payloadBytes > this.limits.frameBytesMax
    ) {
      this.close(frame);
      frame = null;
    }
    if (frame === null) {
      frame = this.newFrame(partition, receivedAtMs);
    }
    // A request appends in one go, so that its ticket can only be the newest one.
    if (frame.tickets.at(-1) !== ticket) {
      frame.tickets.push(ticket);
      ticket.hold();
      if (ticket !== this.newest) this.openRequests += 1;
      this.newest = ticket;
    }
    return frame;
  }

  private newFrame(partition: number, receivedAtMs: number): FrameWriter {
    const buffer = this.buffers.take();
    const frame = new FrameWriter(partition, this.opened, buffer, receivedAtMs);
    this.opened += 1;
    this.open[partition] = frame;
    this.openCount += 1;
    return frame;
  }

  private appended(frame: FrameWriter, payloadBytes: number): void {
    this.pendingBytes += recordHeadBytes + payloadBytes;
    if (frame.used >= this.limits.frameBytesTarget) this.close(frame);
    else if (!this.scheduled) this.schedule();
  }

  private schedule(): void {
    this.scheduled = true;
    const waitMs = this.departedMs + this.limits.lingerMs - performance.now();
    if (waitMs <= 0) setImmediate(() => this.depart());
    else if (this.inFlight === 0) setImmediate(() => this.departOrGather());
    else setTimeout(() => this.departOrWait(waitParts), waitMs);
  }

  /** At the end of a turn within the linger that began with nothing on its way. */
  private departOrGather(): void {
    if (this.openRequests >= worthLeaving) return this.depart();
    const waitMs = Math.max(0, this.departedMs + this.limits.lingerMs - performance.now());
    setTimeout(() => this.departOrWait(waitParts), waitMs);
  }

  private departOrWait(partsLeft: number): void {
    if (partsLeft === 0 || !this.areSmallOfMany()) return this.depart();
    const before = this.openRequests;
    setImmediate(() => {
      if (this.openRequests - before < stillComing) return this.depart();
      setTimeout(() => this.departOrWait(partsLeft - 1), this.limits.lingerMs / waitParts);
    });
  }

  /** Whether many requests share the open frames, and these are hardly worth a message each. */
  private areSmallOfMany(): boolean {
    if (this.openRequests < manyRequests) return false;
    let bytes = 0;
    for (const frame of this.open) bytes += frame?.recordBytes() ?? 0;
    return bytes < this.openCount * smallFrameBytes;
  }

  /** Sends every open frame that the window has room for. */
  private depart(): void {
    this.scheduled = false;
    this.departedMs = performance.now();
    this.openRequests = 0;
    for (let turn = 0; turn < this.partitions; turn += 1) {
      if (this.inFlight >= this.limits.framesInFlightMax) return;
      const frame = this.open[this.firstToDepart] ?? null;
      this.firstToDepart = (this.firstToDepart + 1) % this.partitions;
      if (frame !== null) this.close(frame);
    }
  }

  /** With full frames waiting, the oldest frame goes, full or not, so that none starves. */
  private sendNext(): void {
    let oldest = this.full[0];
    if (oldest === undefined) {
      if (this.openCount > 0 && !this.scheduled) this.schedule();
      return;
    }
    for (const frame of this.open) {
      if (frame !== null && frame.order < oldest.order) oldest = frame;
    }
    if (oldest === this.full[0]) {
      this.full.shift();
      void this.send(oldest);
    } else {
      this.close(oldest);
    }
  }

  private close(frame: FrameWriter): void {
    this.open[frame.partition] = null;
    this.openCount -= 1;
    if (this.inFlight < this.limits.framesInFlightMax) void this.send(frame);
    else this.full.push(frame);
  }

  private async send(frame: FrameWriter): Promise<void> {
    this.inFlight += 1;
    this.framesSent += 1;
    let failure: unknown = null;
    try {
      await this.publishFrame(frame.partition, frame.bytes());
      this.buffers.give(frame.release());
      frame.confirmations.confirm();
    } catch (error) {
      this.framesFailed += 1;
      failure = error ?? new Error("the log refused a frame without a reason");
    }
    this.inFlight -= 1;
    this.pendingBytes -= frame.recordBytes();
    for (const ticket of frame.tickets) ticket.release(failure);
    this.sendNext();
    if (this.openCount + this.full.length + this.inFlight === 0) {
      for (const resolve of this.idle.splice(0)) resolve();
    }
  }
}
