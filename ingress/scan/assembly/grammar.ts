/**
 * The JSON grammar (RFC 8259) over bytes, 16 of them at a time in strings. Every function takes the
 * address where its construct begins and returns the address behind it, or 0 for a refusal.
 *
 * A zero byte stands at the document's end. No construct may hold one, so that nothing needs to
 * compare addresses with the end before it reads; only `refuse` tells the two apart.
 */
import { jsonDepthMax } from "../../alert-limits.ts";
import {
  colonExpected,
  commaOrBrace,
  commaOrBracket,
  controlCharacter,
  endedEarly,
  hexExpected,
  literalExpected,
  nameExpected,
  nestedTooDeep,
  unknownEscape,
  valueExpected,
} from "../row-layout.ts";

const quote: u8 = 0x22;
const backslash: u8 = 0x5c;

let documentEnd: usize = 0;
let refusal: i32 = 0;
let refusedAt: usize = 0;
/** Set by each string that holds an escape; cleared by whoever asks. */
let escaped: bool = false;
/** All bytes of strings, and a few behind each, one upon the other. */
let bytesSeen: v128 = i64x2.splat(0);

/** All further addresses are of a document that ends here. */
export function openUntil(end: usize): void {
  documentEnd = end;
  store<u8>(end, 0);
  refusal = 0;
}

export function forgetBytes(): void {
  bytesSeen = i64x2.splat(0);
}

/** False: no byte above 0x7f stood in a document read since `forgetBytes`. */
export function mayHoldUnicode(): bool {
  return i8x16.bitmask(bytesSeen) != 0;
}

export function lastRefusal(): i32 {
  return refusal;
}

export function lastRefusedAt(): usize {
  return refusedAt;
}

export function forgetEscapes(): void {
  escaped = false;
}

export function sawEscape(): bool {
  return escaped;
}

export function isEnd(at: usize): bool {
  return at >= documentEnd;
}

/** @returns 0; what begins at the document's end is missing, whatever was expected. */
export function refuse(at: usize, reason: i32): usize {
  refusedAt = at < documentEnd ? at : documentEnd;
  refusal = at < documentEnd ? reason : endedEarly;
  return 0;
}

/** Refuses the request rather than the document: the end of this one is no excuse. */
export function refuseWholly(at: usize, reason: i32): usize {
  refusedAt = at;
  refusal = reason;
  return 0;
}

export function space(at: usize): usize {
  return load<u8>(at) > 0x20 ? at : behindSpace(at);
}

function behindSpace(first: usize): usize {
  let at = first;
  while (true) {
    const byte = load<u8>(at);
    if (byte != 0x20 && byte != 0x0a && byte != 0x0d && byte != 0x09) return at;
    at += 1;
  }
}

/** Any value; `depth` counts the containers around it. */
export function value(at: usize, depth: i32): usize {
  const first = load<u8>(at);
  if (first == quote) return text(at);
  if (first == 0x7b) return object(at, depth + 1);
  if (first == 0x5b) return array(at, depth + 1);
  if (first == 0x74) return literal(at, 0x65757274, 4);
  if (first == 0x66) return literal(at, 0x65736c6166, 5);
  if (first == 0x6e) return literal(at, 0x6c6c756e, 4);
  return number(at);
}

export function isTooDeep(depth: i32): bool {
  return depth > jsonDepthMax;
}

function object(open: usize, depth: i32): usize {
  if (isTooDeep(depth)) return refuse(open, nestedTooDeep);
  let at = space(open + 1);
  if (load<u8>(at) == 0x7d) return at + 1;
  while (true) {
    at = name(at);
    if (at == 0) return 0;
    at = colon(at);
    if (at == 0) return 0;
    at = value(at, depth);
    if (at == 0) return 0;
    at = space(at);
    const byte = load<u8>(at);
    if (byte == 0x7d) return at + 1;
    if (byte != 0x2c) return refuse(at, commaOrBrace);
    at = space(at + 1);
  }
}

function array(open: usize, depth: i32): usize {
  if (isTooDeep(depth)) return refuse(open, nestedTooDeep);
  let at = space(open + 1);
  if (load<u8>(at) == 0x5d) return at + 1;
  while (true) {
    at = value(at, depth);
    if (at == 0) return 0;
    at = space(at);
    const byte = load<u8>(at);
    if (byte == 0x5d) return at + 1;
    if (byte != 0x2c) return refuse(at, commaOrBracket);
    at = space(at + 1);
  }
}

function name(at: usize): usize {
  return load<u8>(at) == quote ? text(at) : refuse(at, nameExpected);
}

/** @returns where the value begins. */
export function colon(nameEnd: usize): usize {
  // As nearly all senders write it.
  if (load<u8>(nameEnd) == 0x3a && load<u8>(nameEnd + 1) > 0x20) return nameEnd + 1;
  return colonAmongSpace(nameEnd);
}

function colonAmongSpace(nameEnd: usize): usize {
  const at = space(nameEnd);
  if (load<u8>(at) != 0x3a) return refuse(at, colonExpected);
  const next = space(at + 1);
  return next < documentEnd ? next : refuse(next, endedEarly);
}

/** A string. */
export function text(open: usize): usize {
  const found = stopsIn(open + 1);
  return textFrom(found != 0 ? open + 1 + ctz(found) : laterStop(open + 17));
}

/** The rest of a string, from its first stop on. */
export function textFrom(stop: usize): usize {
  return load<u8>(stop) == quote ? stop + 1 : restOfText(stop);
}

function restOfText(stop: usize): usize {
  let at = stop;
  while (load<u8>(at) != quote) {
    if (load<u8>(at) != backslash) return refuse(at, controlCharacter);
    escaped = true;
    at = escape(at);
    if (at == 0) return 0;
    at = laterStop(at);
  }
  return at + 1;
}

/**
 * Stops are what a string can end at: quotes, backslashes, control characters. A bit for each of
 * 16 bytes. Where this is asked for in a loop, it stands there without a function around it and
 * `laterStop`: the compiler leaves those as calls, which cost as much as what they do.
 */
export function stopsIn(at: usize): i32 {
  const bytes = v128.load(at);
  bytesSeen = v128.or(bytesSeen, bytes);
  const quotes = i8x16.eq(bytes, i8x16.splat(0x22));
  const backslashes = i8x16.eq(bytes, i8x16.splat(0x5c));
  const controls = i8x16.le_u(bytes, i8x16.splat(0x1f));
  return i8x16.bitmask(v128.or(v128.or(quotes, backslashes), controls));
}

/** The first stop from here on, inside a string: at its document's end if nowhere before. */
export function laterStop(first: usize): usize {
  let at = first;
  let found = stopsIn(at);
  while (found == 0) {
    at += 16;
    found = stopsIn(at);
  }
  return at + ctz(found);
}

function escape(at: usize): usize {
  if (at + 1 >= documentEnd) return refuse(documentEnd, endedEarly);
  const kind = load<u8>(at + 1);
  if (kind != 0x75) {
    const isKnown =
      (kind == quote || kind == backslash || kind == 0x2f || kind == 0x62) ||
      (kind == 0x66 || kind == 0x6e || kind == 0x72 || kind == 0x74);
    return isKnown ? at + 2 : refuse(at, unknownEscape);
  }
  for (let digit = at + 2; digit < at + 6; digit += 1) {
    if (hexDigit(load<u8>(digit)) < 0) return refuse(digit, hexExpected);
  }
  return at + 6;
}

/** The digit's value, or -1. */
export function hexDigit(byte: i32): i32 {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** @param word its bytes, the first one lowest. */
function literal(at: usize, word: u64, length: i32): usize {
  for (let index = 1; index < length; index += 1) {
    const expected = <u8>(word >> (<u64>index * 8));
    if (load<u8>(at + index) != expected) return refuse(at + index, literalExpected);
  }
  return at + length;
}

function number(first: usize): usize {
  let at = first;
  if (load<u8>(at) == 0x2d) at += 1;
  if (load<u8>(at) == 0x30) at += 1;
  else at = digits(at);
  if (at != 0 && load<u8>(at) == 0x2e) at = digits(at + 1);
  if (at != 0 && (load<u8>(at) | 0x20) == 0x65) {
    at += 1;
    if (load<u8>(at) == 0x2b || load<u8>(at) == 0x2d) at += 1;
    at = digits(at);
  }
  return at;
}

function digits(first: usize): usize {
  let at = first;
  while (load<u8>(at) >= 0x30 && load<u8>(at) <= 0x39) at += 1;
  return at == first ? refuse(at, valueExpected) : at;
}
