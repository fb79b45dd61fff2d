/**
 * The fingerprint of a labels object, taken from its JSON bytes: no string and no object is built.
 * First sights are what costs ingress most, and nearly all of them are plain: no escapes, ASCII
 * names. What is not plain goes the long way (fingerprint.ts), which defines the result.
 */
import { type Fingerprint, hashIdentity, identityScratch } from "./fingerprint.ts";

const quote = 0x22;
const backslash = 0x5c;
const closing = 0x7d;
const separator = 0xff;

/** More labels than this go the long way: they are sorted by insertion here. */
const labelsMax = 64;
/** Start and end of a name, and end of its value, which begins at `valueStarts`. */
const nameStarts = new Int32Array(labelsMax);
const nameEnds = new Int32Array(labelsMax);
const valueStarts = new Int32Array(labelsMax);
const valueEnds = new Int32Array(labelsMax);
const order = new Int32Array(labelsMax);

/**
 * @param bytes [start, end) is a JSON object whose values are strings, checked before.
 * @returns what `fingerprintOf` returns for it without a dedup key; null: go the long way.
 */
export function fingerprintOfBytes(
  bytes: Uint8Array,
  start: number,
  end: number,
): Fingerprint | null {
  const count = findLabels(bytes, start + 1, end);
  if (count <= 0) return null;
  for (let index = 0; index < count; index += 1) {
    if (!insert(bytes, index)) return null;
  }
  const scratch = identityScratch(end - start + 2 * count + 1);
  scratch[0] = 0x6c;
  let at = 1;
  for (let index = 0; index < count; index += 1) {
    const label = order[index] as number;
    // An empty label and an absent one are the same.
    if (valueStarts[label] === valueEnds[label]) continue;
    at = copy(bytes, nameStarts[label] as number, nameEnds[label] as number, scratch, at);
    at = copy(bytes, valueStarts[label] as number, valueEnds[label] as number, scratch, at);
  }
  return at === 1 ? null : hashIdentity(at);
}

/** @returns how many labels there are; -1: not plain. */
function findLabels(bytes: Uint8Array, from: number, end: number): number {
  let count = 0;
  let at = from;
  for (;;) {
    while (at < end && bytes[at] !== quote) {
      if (bytes[at] === closing) return count;
      at += 1;
    }
    if (at >= end || count === labelsMax) return -1;
    const nameStart = at + 1;
    for (at = nameStart; bytes[at] !== quote; at += 1) {
      const byte = bytes[at] as number;
      if (byte === backslash || byte > 0x7f) return -1;
    }
    const nameEnd = at;
    for (at += 1; bytes[at] !== quote; at += 1) if (at >= end) return -1;
    const valueStart = at + 1;
    for (at = valueStart; bytes[at] !== quote; at += 1) if (bytes[at] === backslash) return -1;
    nameStarts[count] = nameStart;
    nameEnds[count] = nameEnd;
    valueStarts[count] = valueStart;
    valueEnds[count] = at;
    count += 1;
    at += 1;
  }
}

/** Puts label `index` in its place among those before it; false: a name stands twice. */
function insert(bytes: Uint8Array, index: number): boolean {
  let place = index;
  for (; place > 0; place -= 1) {
    const before = order[place - 1] as number;
    const difference = compareNames(bytes, before, index);
    if (difference === 0) return false;
    if (difference < 0) break;
    order[place] = before;
  }
  order[place] = index;
  return true;
}

function compareNames(bytes: Uint8Array, a: number, b: number): number {
  const startA = nameStarts[a] as number;
  const startB = nameStarts[b] as number;
  const lengthA = (nameEnds[a] as number) - startA;
  const lengthB = (nameEnds[b] as number) - startB;
  const shared = Math.min(lengthA, lengthB);
  for (let index = 0; index < shared; index += 1) {
    const difference = (bytes[startA + index] as number) - (bytes[startB + index] as number);
    if (difference !== 0) return difference;
  }
  return lengthA - lengthB;
}

function copy(
  bytes: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
): number {
  target[at] = separator;
  let to = at + 1;
  for (let from = start; from < end; from += 1, to += 1) target[to] = bytes[from] as number;
  return to;
}
