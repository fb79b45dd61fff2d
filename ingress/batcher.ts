/**
 * Gathers the alerts of concurrent requests into few, large messages per lane: the group commit
 * of ingest (design, section 4).
 *
 * B1 Open bundles leave together, at the end of a turn of the event loop that is `lingerMs` or
 *    more after the last departure; one that reaches `frameBytesTarget` leaves at once. So
 *    whoever sends now and then does not wait, and load packs. `worthLeaving` requests leave
 *    sooner: at the end of their turn where nothing is on its way, and else when they are most of
 *    those that were lately unanswered at once. Whoever would still come waits for them then, and
 *    meanwhile nobody works.
 * B2 At most `framesInFlightMax` bundles are unanswered; more wait here and grow. At most
 *    `pendingBytesMax` bytes are held in all: beyond it, `admits` says no.
 * B3 A bundle is never larger than `frameBytesMax`, which is below NATS' max_payload of 1 MB.
 */
import { sectionHeadBytes } from "../runtime/bundle.ts";
import { frameHeadBytes, recordHeadBytes } from "../runtime/frame.ts";
import { laneOf } from "../runtime/placement.ts";
import { BundleWriter } from "./bundle-writer.ts";
import type { Confirmations } from "./confirmations.ts";
import { type AlertHead, FrameBuffers } from "./frame-writer.ts";
import type { Ticket } from "./ticket.ts";

/**
 * Appends a bundle to a lane; resolves once it is durable. The bytes are valid until the promise
 * settles, and it must settle in bounded time.
 * Rejects with RetryableError (retryAfterMs: the log's wish) when nothing may be assumed.
 */
export type PublishBundle = (lane: number, bundle: Uint8Array) => Promise<unknown>;

/** How many dedup partitions there are, and how many lanes they share. */
export type BatchPlaces = { partitions: number; lanes: number };

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

/** Requests for each lane that are worth a message within the linger. */
const worthLeaving = 8;
/** B1: what "most" is. */
const most = 0.9;
/** Of the crowd, for each departure: forty later, one of 256 is 32. */
const crowdKept = 0.95;

export class Batcher {
  /** Bundles handed to the log, and those it refused. */
  framesSent = 0;
  framesFailed = 0;
  inFlight = 0;
  pendingBytes = 0;

  readonly partitions: number;
  private readonly lanes: number;
  private readonly publish: PublishBundle;
  private readonly limits: BatchLimits;
  private readonly buffers: FrameBuffers;
  private readonly open: (BundleWriter | null)[];
  private openCount = 0;
  /** Requests in open bundles and in those that have left; in each bundle they count anew. */
  private gathered = 0;
  private away = 0;
  /** How many of them there lately were at once. */
  private crowd = 0;
  private opened = 0;
  private firstToDepart = 0;
  private readonly full: BundleWriter[] = [];
  /** At the end of the turn it is looked whether to depart; `linger` does so at its end. */
  private looking = false;
  private linger: NodeJS.Timeout | null = null;
  private departedMs = Number.NEGATIVE_INFINITY;
  private idle: (() => void)[] = [];

  constructor(places: BatchPlaces, publish: PublishBundle, limits: Partial<BatchLimits> = {}) {
    this.partitions = places.partitions;
    this.lanes = places.lanes;
    this.publish = publish;
    this.limits = { ...defaultBatchLimits, ...limits };
    this.buffers = new FrameBuffers(Math.ceil(this.limits.frameBytesTarget * 1.5));
    this.open = Array.from({ length: places.lanes }, () => null);
  }

  /** Whether a request of so many bytes may still come in. */
  admits(bytes: number): boolean {
    return this.pendingBytes === 0 || this.pendingBytes + bytes <= this.limits.pendingBytesMax;
  }

  /** @returns what its bundle confirms once it is durable; the caller may add to it at once. */
  alert(
    ticket: Ticket,
    partition: number,
    receivedAtMs: number,
    head: AlertHead,
    source: Uint8Array,
    start: number,
    end: number,
  ): Confirmations {
    const bundle = this.bundleFor(ticket, partition, end - start);
    bundle.frameOf(partition, receivedAtMs).alert(head, source, start, end);
    this.appended(bundle, end - start);
    return bundle.confirmations;
  }

  rejection(
    ticket: Ticket,
    partition: number,
    receivedAtMs: number,
    payload: Uint8Array,
    count: number,
  ): void {
    const bundle = this.bundleFor(ticket, partition, payload.length);
    bundle.frameOf(partition, receivedAtMs).rejection(payload, count);
    this.appended(bundle, payload.length);
  }

  /** Resolves when nothing is open or on its way. */
  async drained(): Promise<void> {
    if (this.openCount + this.full.length + this.inFlight === 0) return;
    await new Promise<void>((resolve) => this.idle.push(resolve));
  }

  private bundleFor(ticket: Ticket, partition: number, payloadBytes: number): BundleWriter {
    const lane = laneOf(partition, this.lanes);
    let bundle = this.open[lane] ?? null;
    if (bundle !== null) {
      const more = sectionHeadBytes + frameHeadBytes + recordHeadBytes + payloadBytes;
      if (bundle.bytes + more > this.limits.frameBytesMax) {
        this.close(bundle);
        bundle = null;
      }
    }
    bundle ??= this.newBundle(lane);
    // A request appends in one go, so that its ticket can only be the newest one.
    if (bundle.tickets.at(-1) !== ticket) {
      bundle.tickets.push(ticket);
      ticket.hold();
      this.gathered += 1;
    }
    return bundle;
  }

  private newBundle(lane: number): BundleWriter {
    const bundle = new BundleWriter(lane, this.opened, this.buffers);
    this.opened += 1;
    this.open[lane] = bundle;
    this.openCount += 1;
    return bundle;
  }

  private appended(bundle: BundleWriter, payloadBytes: number): void {
    const bytes = recordHeadBytes + payloadBytes;
    this.pendingBytes += bytes;
    bundle.recordBytes += bytes;
    if (bundle.recordBytes >= this.limits.frameBytesTarget) this.close(bundle);
    else this.look();
  }

  private look(): void {
    if (this.looking || (this.linger !== null && !this.holdsMost())) return;
    this.looking = true;
    setImmediate(this.atTurnEnd);
  }

  private readonly atTurnEnd = (): void => {
    this.looking = false;
    const waitMs = this.departedMs + this.limits.lingerMs - performance.now();
    const isAlone = this.linger === null && this.inFlight === 0 && this.isWorthLeaving();
    if (waitMs <= 0 || isAlone || this.holdsMost()) this.depart();
    else this.linger ??= setTimeout(this.depart, waitMs);
  };

  private isWorthLeaving(): boolean {
    return this.gathered >= worthLeaving * this.lanes;
  }

  private holdsMost(): boolean {
    return this.isWorthLeaving() && this.gathered >= most * this.crowd;
  }

  /** Sends every open bundle that the window has room for. */
  private readonly depart = (): void => {
    if (this.linger !== null) clearTimeout(this.linger);
    this.linger = null;
    this.departedMs = performance.now();
    this.crowd = Math.max(this.gathered + this.away, this.crowd * crowdKept);
    for (let turn = 0; turn < this.lanes; turn += 1) {
      if (this.inFlight >= this.limits.framesInFlightMax) return;
      const bundle = this.open[this.firstToDepart] ?? null;
      this.firstToDepart = (this.firstToDepart + 1) % this.lanes;
      if (bundle !== null) this.close(bundle);
    }
  };

  /** With full bundles waiting, the oldest one goes, full or not, so that none starves. */
  private sendNext(): void {
    let oldest = this.full[0];
    if (oldest === undefined) {
      if (this.openCount > 0) this.look();
      return;
    }
    for (const bundle of this.open) {
      if (bundle !== null && bundle.order < oldest.order) oldest = bundle;
    }
    if (oldest === this.full[0]) {
      this.full.shift();
      void this.send(oldest);
    } else {
      this.close(oldest);
    }
  }

  private close(bundle: BundleWriter): void {
    this.open[bundle.lane] = null;
    this.openCount -= 1;
    this.gathered -= bundle.tickets.length;
    this.away += bundle.tickets.length;
    if (this.inFlight < this.limits.framesInFlightMax) void this.send(bundle);
    else this.full.push(bundle);
  }

  private async send(bundle: BundleWriter): Promise<void> {
    this.inFlight += 1;
    this.framesSent += 1;
    let failure: unknown = null;
    try {
      await this.publish(bundle.lane, bundle.finish());
      bundle.release();
      bundle.confirmations.confirm();
    } catch (error) {
      this.framesFailed += 1;
      failure = error ?? new Error("the log refused a message without a reason");
    }
    this.inFlight -= 1;
    this.away -= bundle.tickets.length;
    this.pendingBytes -= bundle.recordBytes;
    for (const ticket of bundle.tickets) ticket.release(failure);
    this.sendNext();
    if (this.openCount + this.full.length + this.inFlight === 0) {
      for (const resolve of this.idle.splice(0)) resolve();
    }
  }
}
