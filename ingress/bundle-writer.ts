/** The frames of one lane that will leave as one message (runtime/bundle.ts). */
import {
  bundleHeadBytes,
  putBundleHead,
  putSectionHead,
  sectionHeadBytes,
} from "../runtime/bundle.ts";
import { frameHeadBytes } from "../runtime/frame.ts";
import { Confirmations } from "./confirmations.ts";
import { type FrameBuffers, FrameWriter, viewOf } from "./frame-writer.ts";
import type { Ticket } from "./ticket.ts";

export class BundleWriter {
  readonly lane: number;
  /** Bundles leave in this order when the window is full. */
  readonly order: number;
  /** Requests that wait for this bundle, each once. */
  readonly tickets: Ticket[] = [];
  /** Called once the bundle is durable: what can be referred to from then on. */
  readonly confirmations = new Confirmations();
  /** Bytes of all records, without any heads. */
  recordBytes = 0;

  private readonly frames: FrameWriter[] = [];
  private readonly byPartition: (FrameWriter | undefined)[] = [];
  private readonly buffers: FrameBuffers;
  private message: Buffer | null = null;

  constructor(lane: number, order: number, buffers: FrameBuffers) {
    this.lane = lane;
    this.order = order;
    this.buffers = buffers;
  }

  /** Of the whole message, as long as nothing is added. */
  get bytes(): number {
    const headBytes = sectionHeadBytes + frameHeadBytes;
    return bundleHeadBytes + this.frames.length * headBytes + this.recordBytes;
  }

  frameOf(partition: number, receivedAtMs: number): FrameWriter {
    const known = this.byPartition[partition];
    if (known !== undefined) return known;
    const frame = new FrameWriter(partition, this.buffers.take(), receivedAtMs);
    this.byPartition[partition] = frame;
    this.frames.push(frame);
    return frame;
  }

  /** The finished message; call it once. */
  finish(): Uint8Array {
    const { frames, bytes, buffers } = this;
    const message = buffers.take(bytes);
    this.message = message;
    const view = viewOf(message);
    putBundleHead(view, frames.length);
    let at = bundleHeadBytes;
    for (const frame of frames) {
      const section = frame.bytes();
      putSectionHead(view, at, frame.partition, section.length);
      message.set(section, at + sectionHeadBytes);
      at += sectionHeadBytes + section.length;
      buffers.give(frame.release());
    }
    return message.subarray(0, at);
  }

  /** Nobody reads the message any more. */
  release(): void {
    if (this.message !== null) this.buffers.give(this.message);
    this.message = null;
  }
}
