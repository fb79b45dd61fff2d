/**
 * The scan of a body of alerts, compiled to WebAssembly (docs/decisions/0010): the rules are those
 * of json-scan.ts beside this folder, the rows those of row-layout.ts.
 *
 * The language is AssemblyScript. Addresses are numbers, nothing is ever allocated, and nothing
 * throws: a refusal is a return of 0, or of its number for those outside.
 */
import {
  alertBytesMax,
  alertsPerRequestMax,
  annotationValueBytesMax,
  dedupKeyBytesMax,
  labelValueBytesMax,
  mapEntriesMax,
  nameBytesMax,
} from "../../alert-limits";
import {
  annotationsColumn,
  bodyAt,
  brokenColumn,
  commaOrBrace,
  commaOrBracket,
  contentHashColumn,
  dedupKeyColumn,
  endColumn,
  endsAtColumn,
  endsAtMsColumn,
  generatorURLColumn,
  keyHashColumn,
  labelsColumn,
  nameExpected,
  nestedTooDeep,
  rowWidth,
  rowsAt,
  startColumn,
  startsAtColumn,
  startsAtMsColumn,
  suspectColumn,
  textBehind,
  tooManyAlerts,
} from "../row-layout";
import {
  colon,
  forgetBytes,
  forgetEscapes,
  hexDigit,
  isEnd,
  isTooDeep,
  lastRefusal,
  lastRefusedAt,
  laterStop,
  mayHoldUnicode,
  openUntil,
  refuse,
  refuseWholly,
  sawEscape,
  space,
  stopsIn,
  textFrom,
  value,
} from "./grammar";
import { firstHalf, hashKey, secondHalf, xxhash32 } from "./hashes";
import { timeMs } from "./times";

const quote: u8 = 0x22;
const noField: i32 = 0;
const rowBytes: usize = <usize>rowWidth * 4;
/** Go's zero time, 0001-01-01T00:00:00Z, which senders write for "no time". */
const zeroTimeMs: f64 = -62_135_596_800_000;
/** An escaped name is spelled out here, as long as it may be one of ours, and a quote before it. */
const spelledAt: usize = 512;
const spelledMax: usize = 12;

let count: i32 = 0;
let suspect: bool = false;
let seed1: i32 = 0;
let seed2: i32 = 0;

/** The secret of the key hashes. */
export function seed(first: i32, second: i32): void {
  seed1 = first;
  seed2 = second;
}

/** Rows written since `begin`. */
export function rowCount(): i32 {
  return count;
}

/** Where in the body it was refused. */
export function refusedAt(): i32 {
  return <i32>(lastRefusedAt() - bodyAt);
}

/** A new body lies at `bodyAt`: no rows yet. */
export function begin(): void {
  count = 0;
  forgetBytes();
}

/** Whether the document last read was accepted, and is nothing but ASCII. */
export function isAscii(): bool {
  return lastRefusal() == 0 && !mayHoldUnicode();
}

/** A JSON array of alerts, or one alert. @returns 0, or why the document is refused. */
export function scan(length: i32): i32 {
  begin();
  openUntil(bodyAt + length);
  let at = space(bodyAt);
  at = load<u8>(at) == 0x5b ? elements(at) : element(at, 0);
  return whole(at);
}

/** One alert. @returns as `scan` does. */
export function scanLine(start: i32, end: i32): i32 {
  openUntil(bodyAt + end);
  const at = space(bodyAt + start);
  return at == bodyAt + end ? 0 : whole(element(at, 0));
}

/** Any JSON document, without rows. @returns as `scan` does. */
export function check(length: i32): i32 {
  openUntil(bodyAt + length);
  return whole(value(space(bodyAt), 0));
}

/** Makes what line [start, end) has become a broken row. @param rows what it began with. */
export function breakLine(rows: i32, start: i32, end: i32): void {
  count = rows;
  const row = newRow(bodyAt + start);
  store<i32>(row, end, endColumn << 2);
  store<i32>(row, 1, suspectColumn << 2);
  store<i32>(row, 1, brokenColumn << 2);
}

/** The time in bytes [0, length) of the body; NaN if it is none. */
export function time(length: i32): f64 {
  return timeMs(bodyAt, bodyAt + length);
}

function whole(behind: usize): i32 {
  if (behind == 0) return lastRefusal();
  const rest = space(behind);
  if (isEnd(rest)) return 0;
  refuse(rest, textBehind);
  return textBehind;
}

function newRow(at: usize): usize {
  const row = <usize>rowsAt + <usize>count * rowBytes;
  count += 1;
  const offset = <i32>(at - bodyAt);
  store<i32>(row, offset, startColumn << 2);
  store<i32>(row, offset, endColumn << 2);
  store<i32>(row, 0, suspectColumn << 2);
  // Twelve numbers: the spans of the six members.
  v128.store(row, i32x4.splat(-1), labelsColumn << 2);
  v128.store(row, i32x4.splat(-1), (labelsColumn + 4) << 2);
  v128.store(row, i32x4.splat(-1), (labelsColumn + 8) << 2);
  store<i32>(row, 0, brokenColumn << 2);
  v128.store(row, i32x4.splat(0), keyHashColumn << 2);
  return row;
}

function elements(open: usize): usize {
  let at = space(open + 1);
  if (load<u8>(at) == 0x5d) return at + 1;
  while (true) {
    at = element(at, 1);
    if (at == 0) return 0;
    at = space(at);
    const byte = load<u8>(at);
    if (byte == 0x5d) return at + 1;
    if (byte != 0x2c) return refuse(at, commaOrBracket);
    at = space(at + 1);
  }
}

function element(at: usize, depth: i32): usize {
  if (count == alertsPerRequestMax) return refuseWholly(at, tooManyAlerts);
  const row = newRow(at);
  suspect = false;
  let end: usize;
  if (load<u8>(at) == 0x7b) {
    end = alert(at, row, depth + 1);
    if (load<i32>(row, labelsColumn << 2) == -1) suspect = true;
  } else {
    suspect = true;
    end = value(at, depth);
  }
  if (end == 0) return 0;
  if (<i32>(end - at) > alertBytesMax) suspect = true;
  store<i32>(row, <i32>(end - bodyAt), endColumn << 2);
  store<i32>(row, <i32>suspect, suspectColumn << 2);
  finish(row);
  return end;
}

function alert(open: usize, row: usize, depth: i32): usize {
  let at = space(open + 1);
  if (load<u8>(at) == 0x7d) return at + 1;
  while (true) {
    if (load<u8>(at) != quote) return refuse(at, nameExpected);
    const found = stopsIn(at + 1);
    const stop = found != 0 ? at + 1 + ctz(found) : laterStop(at + 17);
    let field: i32;
    // As nearly all senders write it: "name": and the value, nothing escaped and nothing between.
    if (load<u16>(stop) == 0x3a22 && load<u8>(stop, 2) > 0x20) {
      field = fieldOf(at, stop + 1);
      at = stop + 2;
    } else {
      forgetEscapes();
      const nameEnd = textFrom(stop);
      if (nameEnd == 0) return 0;
      field = sawEscape() ? spelledField(at, nameEnd) : fieldOf(at, nameEnd);
      at = colon(nameEnd);
      if (at == 0) return 0;
    }
    const end = member(at, field, depth);
    if (end == 0) return 0;
    if (field != noField) {
      const isAbsent = load<u8>(at) == 0x6e;
      const cell = row + (field << 2);
      store<i32>(cell, isAbsent ? -1 : <i32>(at - bodyAt));
      store<i32>(cell, isAbsent ? -1 : <i32>(end - bodyAt), 4);
    }
    at = space(end);
    const byte = load<u8>(at);
    if (byte == 0x7d) return at + 1;
    if (byte != 0x2c) return refuse(at, commaOrBrace);
    at = space(at + 1);
  }
}

/** Passes over the value of an alert's member; suspects a wrong type. */
function member(at: usize, field: i32, depth: i32): usize {
  const first = load<u8>(at);
  if (field == labelsColumn || field == annotationsColumn) {
    if (first == 0x7b) {
      const valueMax = field == labelsColumn ? labelValueBytesMax : annotationValueBytesMax;
      return stringMap(at, valueMax, depth + 1);
    }
    if (first != 0x6e) suspect = true;
    return value(at, depth);
  }
  const end = value(at, depth);
  if (field != noField && first != 0x6e) {
    if (first != quote) suspect = true;
    if (field == dedupKeyColumn && <i32>(end - at) > dedupKeyBytesMax) suspect = true;
  }
  return end;
}

function stringMap(open: usize, valueBytesMax: i32, depth: i32): usize {
  if (isTooDeep(depth)) return refuse(open, nestedTooDeep);
  let at = space(open + 1);
  if (load<u8>(at) == 0x7d) return at + 1;
  let entries = 0;
  while (true) {
    entries += 1;
    if (load<u8>(at) != quote) return refuse(at, nameExpected);
    let found = stopsIn(at + 1);
    const stop = found != 0 ? at + 1 + ctz(found) : laterStop(at + 17);
    const nameAt = at;
    let nameEnd = stop + 1;
    let end: usize;
    // As nearly all senders write it: "name":"value", nothing escaped and nothing between.
    if ((load<u32>(stop) & 0xff_ffff) == 0x22_3a22) {
      at = stop + 2;
      found = stopsIn(at + 1);
      end = textFrom(found != 0 ? at + 1 + ctz(found) : laterStop(at + 17));
    } else {
      nameEnd = textFrom(stop);
      if (nameEnd == 0) return 0;
      at = colon(nameEnd);
      if (at == 0) return 0;
      if (load<u8>(at) != quote) suspect = true;
      end = value(at, depth);
    }
    if (end == 0) return 0;
    const nameBytes = <i32>(nameEnd - nameAt) - 2;
    if (nameBytes == 0 || nameBytes > nameBytesMax) suspect = true;
    if (<i32>(end - at) - 2 > valueBytesMax) suspect = true;
    at = end + 1;
    if (load<u16>(end) == 0x222c) continue;
    at = space(end);
    const byte = load<u8>(at);
    if (byte == 0x7d) {
      if (entries > mapEntriesMax) suspect = true;
      return at + 1;
    }
    if (byte != 0x2c) return refuse(at, commaOrBrace);
    at = space(at + 1);
  }
}

/** The column of the member whose name spans [open, nameEnd), quotes included. */
function fieldOf(open: usize, nameEnd: usize): i32 {
  const begin = load<u64>(open, 1);
  // The last eight bytes; of shorter names what lies before them, which is not looked at.
  const end = load<u64>(nameEnd - 9);
  switch (<i32>(nameEnd - open) - 2) {
    case 6: {
      const six = begin & 0xffff_ffff_ffff;
      if (six == 0x736c_6562_616c) return labelsColumn;
      return six == 0x7441_7364_6e65 ? endsAtColumn : noField;
    }
    case 8:
      return begin == 0x7441_7374_7261_7473 ? startsAtColumn : noField;
    case 9:
      if (begin != 0x656b_5f70_7564_6564) return noField;
      return load<u8>(open, 9) == 0x79 ? dedupKeyColumn : noField;
    case 11:
      if (begin != 0x6974_6174_6f6e_6e61) return noField;
      return end == 0x736e_6f69_7461_746f ? annotationsColumn : noField;
    case 12:
      if (begin != 0x6f74_6172_656e_6567) return noField;
      return end == 0x4c52_5572_6f74_6172 ? generatorURLColumn : noField;
    default:
      return noField;
  }
}

/** The same of a name with escapes in it. */
function spelledField(open: usize, nameEnd: usize): i32 {
  let to: usize = spelledAt + 1;
  for (let at = open + 1; at < nameEnd - 1; to += 1) {
    if (to > spelledAt + spelledMax) return noField;
    let code: i32 = load<u8>(at);
    if (code == 0x5c) {
      // No name of ours has a character in it that the short escapes stand for.
      if (load<u8>(at, 1) != 0x75) return noField;
      code = (hex(at, 2) << 12) | (hex(at, 3) << 8) | (hex(at, 4) << 4) | hex(at, 5);
      if (code > 0x7f) return noField;
      at += 5;
    }
    store<u8>(to, <u8>code);
    at += 1;
  }
  return fieldOf(spelledAt, to + 1);
}

function hex(at: usize, nth: usize): i32 {
  return hexDigit(load<u8>(at + nth));
}

/** What follows from the row's spans: hashes and times. */
function finish(row: usize): void {
  let content: i32 = 0;
  if (load<i32>(row, annotationsColumn << 2) != -1) {
    content = xxhash32(spanStart(row, annotationsColumn), spanEnd(row, annotationsColumn), 0);
  }
  if (load<i32>(row, labelsColumn << 2) != -1) {
    const start = spanStart(row, labelsColumn);
    const end = spanEnd(row, labelsColumn);
    hashKey(start, end, seed1, seed2);
    const keyStart = spanStart(row, dedupKeyColumn);
    const keyEnd = spanEnd(row, dedupKeyColumn);
    // "dedup_key":"" reads as absent: two quotes are no key.
    if (keyEnd - keyStart > 2) {
      hashKey(keyStart, keyEnd, firstHalf(), secondHalf());
      content = xxhash32(start, end, content);
    }
    store<i32>(row, firstHalf(), keyHashColumn << 2);
    store<i32>(row, secondHalf(), (keyHashColumn + 1) << 2);
  }
  store<i32>(row, content, contentHashColumn << 2);
  store<f64>(row, timeIn(row, startsAtColumn), startsAtMsColumn << 2);
  store<f64>(row, timeIn(row, endsAtColumn), endsAtMsColumn << 2);
}

function timeIn(row: usize, column: i32): f64 {
  if (load<i32>(row + (column << 2)) == -1) return zeroTimeMs;
  const start = spanStart(row, column);
  const end = spanEnd(row, column);
  if (load<u8>(start) != quote) return NaN;
  return end - start == 2 ? zeroTimeMs : timeMs(start + 1, end - 1);
}

function spanStart(row: usize, column: i32): usize {
  return bodyAt + load<i32>(row + (column << 2));
}

function spanEnd(row: usize, column: i32): usize {
  return bodyAt + load<i32>(row + (column << 2), 4);
}
