/**
 * Transcodes msgpack from strangers to JSON text. It builds no object, knows no extension but
 * the timestamp, and is bounded by the input: a claimed length that is not there is an error
 * before anything is allocated for it.
 */
import { isUtf8 } from "node:buffer";
import { jsonDepthMax } from "./alert-limits.ts";

export class MsgpackError extends Error {}

/** @throws MsgpackError with the byte offset. */
export function msgpackToJson(bytes: Uint8Array): string {
  return new Transcoder(bytes).document();
}

/** Values in one document, so that many tiny ones cannot multiply in memory. */
const valuesMax = 1_000_000;
const timestampType = -1;
/** Seconds of the years 0001 to 9999, the span of RFC 3339. */
const secondsMin = -62_135_596_800;
const secondsMax = 253_402_300_799;

class Transcoder {
  private readonly bytes: Buffer;
  private readonly view: DataView;
  private at = 0;
  private values = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  document(): string {
    const text = this.value(0);
    if (this.at < this.bytes.length) this.refuse("bytes after the end of the msgpack document");
    return text;
  }

  private refuse(message: string): never {
    throw new MsgpackError(`${message} (byte ${this.at})`);
  }

  /** Moves over `count` bytes. @returns where they begin. */
  private take(count: number): number {
    const start = this.at;
    if (count > this.bytes.length - start) this.refuse("unexpected end of the msgpack document");
    this.at = start + count;
    return start;
  }

  private value(depth: number): string {
    this.values += 1;
    if (this.values > valuesMax) this.refuse(`more than ${valuesMax} values`);
    const type = this.view.getUint8(this.take(1));
    if (type < 0x80) return String(type);
    if (type < 0x90) return this.map(type & 0x0f, depth + 1);
    if (type < 0xa0) return this.array(type & 0x0f, depth + 1);
    if (type < 0xc0) return this.text(type & 0x1f);
    if (type >= 0xe0) return String(type - 0x100);
    switch (type) {
      case 0xc0:
        return "null";
      case 0xc2:
        return "false";
      case 0xc3:
        return "true";
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.text(this.unsigned(type - 0xd9));
      case 0xdc:
      case 0xdd:
        return this.array(this.unsigned(type - 0xdb), depth + 1);
      case 0xde:
      case 0xdf:
        return this.map(this.unsigned(type - 0xdd), depth + 1);
      case 0xc7:
        return this.extension(this.unsigned(0));
      case 0xd6:
        return this.extension(4);
      case 0xd7:
        return this.extension(8);
      default:
        return this.number(type);
    }
  }

  private number(type: number): string {
    const { view } = this;
    switch (type) {
      case 0xca:
        return finite(view.getFloat32(this.take(4)));
      case 0xcb:
        return finite(view.getFloat64(this.take(8)));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return String(this.unsigned(type - 0xcc));
      case 0xcf:
        return String(view.getBigUint64(this.take(8)));
      case 0xd0:
        return String(view.getInt8(this.take(1)));
      case 0xd1:
        return String(view.getInt16(this.take(2)));
      case 0xd2:
        return String(view.getInt32(this.take(4)));
      case 0xd3:
        return String(view.getBigInt64(this.take(8)));
      default:
        return this.refuse(`msgpack type 0x${type.toString(16)} has no JSON form`);
    }
  }

  /** @param width 0, 1 or 2 for 8, 16 or 32 bits. */
  private unsigned(width: number): number {
    if (width === 0) return this.view.getUint8(this.take(1));
    if (width === 1) return this.view.getUint16(this.take(2));
    return this.view.getUint32(this.take(4));
  }

  private text(length: number): string {
    const start = this.take(length);
    const slice = this.bytes.subarray(start, start + length);
    if (!isUtf8(slice)) this.refuse("a string is not valid UTF-8");
    return JSON.stringify(slice.toString());
  }

  private array(count: number, depth: number): string {
    this.nest(depth);
    const items: string[] = [];
    for (let index = 0; index < count; index += 1) items.push(this.value(depth));
    return `[${items.join(",")}]`;
  }

  private map(count: number, depth: number): string {
    this.nest(depth);
    const items: string[] = [];
    for (let index = 0; index < count; index += 1) {
      const name = this.value(depth);
      if (!name.startsWith('"')) this.refuse("a map's key is not a string");
      items.push(`${name}:${this.value(depth)}`);
    }
    return `{${items.join(",")}}`;
  }

  private nest(depth: number): void {
    if (depth > jsonDepthMax) this.refuse(`more than ${jsonDepthMax} levels of nesting`);
  }

  private extension(length: number): string {
    const type = this.view.getInt8(this.take(1));
    const start = this.take(length);
    if (type !== timestampType) this.refuse(`msgpack extension ${type} has no JSON form`);
    const { view } = this;
    let seconds: number;
    let nanoseconds = 0;
    if (length === 4) {
      seconds = view.getUint32(start);
    } else if (length === 8) {
      const packed = view.getBigUint64(start);
      nanoseconds = Number(packed >> 34n);
      seconds = Number(packed & 0x3_ffff_ffffn);
    } else if (length === 12) {
      nanoseconds = view.getUint32(start);
      seconds = Number(view.getBigInt64(start + 4));
    } else {
      this.refuse(`a timestamp of ${length} bytes`);
    }
    if (!(seconds >= secondsMin && seconds <= secondsMax)) this.refuse("a time out of range");
    const timeMs = seconds * 1000 + Math.floor(nanoseconds / 1e6);
    return JSON.stringify(new Date(timeMs).toISOString());
  }
}

function finite(value: number): string {
  return Number.isFinite(value) ? String(value) : "null";
}
