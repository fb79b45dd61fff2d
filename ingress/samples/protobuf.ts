/**
 * Reads messages of Protocol Buffers by a table of the fields that are wanted, into objects such
 * as the JSON encoding of the same messages would give. All other fields are passed over.
 *
 * P1 Nesting is bounded by the tables, which do not refer to themselves; lists by the bytes.
 */

export type MessageTable = Record<number, FieldRule>;
export type FieldRule = {
  name: string;
  kind: "text" | "flag" | "int" | "double" | "fixed" | "sfixed" | "message";
  /** Of messages, and of numbers that are packed. */
  list?: boolean;
  /** Of messages only. */
  table?: MessageTable;
};

export class ProtobufError extends Error {
  constructor(message: string, offset: number) {
    super(`${message} (byte ${offset})`);
    this.name = "ProtobufError";
  }
}

type Message = Record<string, unknown>;
const [varint, eightBytes, delimited, fourBytes] = [0, 1, 2, 5];

/** @throws ProtobufError when the bytes are no such message. */
export function readMessage(bytes: Buffer, table: MessageTable): Message {
  return new Reader(bytes).message(table, bytes.length);
}

class Reader {
  private readonly bytes: Buffer;
  private at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  message(table: MessageTable, end: number): Message {
    const message = Object.create(null) as Message;
    while (this.at < end) {
      const tag = Number(this.varint(end));
      const rule = table[Math.floor(tag / 8)];
      const wire = tag % 8;
      if (tag < 8) throw new ProtobufError("a field without a number", this.at);
      if (rule === undefined) this.skip(wire, end);
      else this.field(message, rule, wire, end);
    }
    return message;
  }

  private field(message: Message, rule: FieldRule, wire: number, end: number): void {
    const { name, list = false } = rule;
    if (rule.kind !== "message" && rule.kind !== "text" && wire === delimited) {
      if (!list) throw new ProtobufError(`${name}: got bytes, expected a number`, this.at);
      const stop = this.length(end);
      while (this.at < stop) this.add(message, name, this.value(rule, wireOf(rule), stop), true);
      return;
    }
    this.add(message, name, this.value(rule, wire, end), list);
  }

  private add(message: Message, name: string, value: unknown, list: boolean): void {
    if (!list) message[name] = value;
    else if (Array.isArray(message[name])) (message[name] as unknown[]).push(value);
    else message[name] = [value];
  }

  private value(rule: FieldRule, wire: number, end: number): unknown {
    if (wire !== wireOf(rule)) {
      const why = `${rule.name}: got wire type ${wire}, expected ${wireOf(rule)}`;
      throw new ProtobufError(why, this.at);
    }
    switch (rule.kind) {
      case "message": {
        const stop = this.length(end);
        return this.message(rule.table ?? {}, stop);
      }
      case "text": {
        const stop = this.length(end);
        const text = this.bytes.toString("utf8", this.at, stop);
        this.at = stop;
        return text;
      }
      case "flag":
        return this.varint(end) !== 0n;
      case "int":
        return Number(BigInt.asIntN(64, this.varint(end)));
      case "double":
        return this.bytes.readDoubleLE(this.taken(8, end));
      case "fixed":
        return Number(this.bytes.readBigUInt64LE(this.taken(8, end)));
      case "sfixed":
        return Number(this.bytes.readBigInt64LE(this.taken(8, end)));
    }
  }

  private skip(wire: number, end: number): void {
    if (wire === varint) this.varint(end);
    else if (wire === eightBytes) this.taken(8, end);
    else if (wire === fourBytes) this.taken(4, end);
    else if (wire === delimited) this.at = this.length(end);
    else throw new ProtobufError(`wire type ${wire} is not known`, this.at);
  }

  /** The end of what follows. */
  private length(end: number): number {
    const length = Number(this.varint(end));
    if (length > end - this.at) throw new ProtobufError("the message is cut off", this.at);
    return this.at + length;
  }

  /** Where so many bytes begin; they are taken. */
  private taken(count: number, end: number): number {
    const from = this.at;
    if (count > end - from) throw new ProtobufError("the message is cut off", from);
    this.at += count;
    return from;
  }

  private varint(end: number): bigint {
    const from = this.at;
    // Tags and lengths are short: no big numbers for them.
    for (let value = 0, factor = 1; this.at < end && this.at - from < 4; factor *= 128) {
      const byte = this.bytes[this.at] as number;
      this.at += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return BigInt(value);
    }
    this.at = from;
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.bytes[this.taken(1, end)] as number;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new ProtobufError("a number of more than ten bytes", from);
  }
}

function wireOf({ kind }: FieldRule): number {
  if (kind === "message" || kind === "text") return delimited;
  return kind === "flag" || kind === "int" ? varint : eightBytes;
}
