/**
 * The scan of a body of alerts, compiled to WebAssembly (docs/decisions/0010): the rules are those
 * of ingress/json-scan.ts, the rows those of row-layout.ts.
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
} from "../../alert-limits.ts";
import {
  annotationsColumn,
  bodyAt,
  commaOrBrace,
  commaOrBracket,
  dedupKeyColumn,
  labelsColumn,
  nameExpected,
  nestedTooDeep,
  textBehind,
  tooManyAlerts,
} from "../row-layout.ts";
import { fieldOf, noField, spelledField } from "./fields.ts";
import {
  colon,
  forgetBytes,
  forgetEscapes,
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
} from "./grammar.ts";
import { breakRow, finishRow, hasMember, newRow, noteMember, seedHashes } from "./rows.ts";
import { timeMs } from "./times.ts";

const quote: u8 = 0x22;

let count: i32 = 0;
let suspect: bool = false;

/** The secret of the key hashes. */
export function seed(first: i32, second: i32): void {
  seedHashes(first, second);
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
  breakRow(newRow(rows, bodyAt + start), bodyAt + end);
  count = rows + 1;
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
  const row = newRow(count, at);
  count += 1;
  suspect = false;
  let end: usize;
  if (load<u8>(at) == 0x7b) {
    end = alert(at, row, depth + 1);
    if (!hasMember(row, labelsColumn)) suspect = true;
  } else {
    suspect = true;
    end = value(at, depth);
  }
  if (end == 0) return 0;
  if (<i32>(end - at) > alertBytesMax) suspect = true;
  finishRow(row, end, suspect);
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
    if (field != noField) noteMember(row, field, at, end);
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
