/** Writes the rows: spans are noted as they are found, the rest follows from them. */
import {
  annotationsColumn,
  bodyAt,
  brokenColumn,
  contentHashColumn,
  dedupKeyColumn,
  endColumn,
  endsAtColumn,
  endsAtMsColumn,
  keyHashColumn,
  labelsColumn,
  rowWidth,
  rowsAt,
  startColumn,
  startsAtColumn,
  startsAtMsColumn,
  suspectColumn,
} from "../row-layout.ts";
import { firstHalf, hashKey, secondHalf, xxhash32 } from "./hashes.ts";
import { timeMs } from "./times.ts";

const quote: u8 = 0x22;
const rowBytes: usize = <usize>rowWidth * 4;
/** Go's zero time, 0001-01-01T00:00:00Z, which senders write for "no time". */
const zeroTimeMs: f64 = -62_135_596_800_000;

let seed1: i32 = 0;
let seed2: i32 = 0;

/** The secret of the key hashes. */
export function seedHashes(first: i32, second: i32): void {
  seed1 = first;
  seed2 = second;
}

/** Row number `index`, of an alert that begins at `at`. */
export function newRow(index: i32, at: usize): usize {
  const row = <usize>rowsAt + <usize>index * rowBytes;
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

/** A member's value; absent if it is null. */
export function noteMember(row: usize, column: i32, at: usize, end: usize): void {
  const cell = row + (column << 2);
  const isAbsent = load<u8>(at) == 0x6e;
  store<i32>(cell, isAbsent ? -1 : <i32>(at - bodyAt));
  store<i32>(cell, isAbsent ? -1 : <i32>(end - bodyAt), 4);
}

export function hasMember(row: usize, column: i32): bool {
  return load<i32>(row + (column << 2)) != -1;
}

/** The alert ends here; hashes and times follow from its spans. */
export function finishRow(row: usize, end: usize, isSuspect: bool): void {
  store<i32>(row, <i32>(end - bodyAt), endColumn << 2);
  store<i32>(row, <i32>isSuspect, suspectColumn << 2);
  noteHashes(row);
  store<f64>(row, timeIn(row, startsAtColumn), startsAtMsColumn << 2);
  store<f64>(row, timeIn(row, endsAtColumn), endsAtMsColumn << 2);
}

/** A line that is no JSON document. */
export function breakRow(row: usize, end: usize): void {
  store<i32>(row, <i32>(end - bodyAt), endColumn << 2);
  store<i32>(row, 1, suspectColumn << 2);
  store<i32>(row, 1, brokenColumn << 2);
}

function noteHashes(row: usize): void {
  let content: i32 = 0;
  if (hasMember(row, annotationsColumn)) {
    content = xxhash32(spanStart(row, annotationsColumn), spanEnd(row, annotationsColumn), 0);
  }
  if (hasMember(row, labelsColumn)) {
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
}

function timeIn(row: usize, column: i32): f64 {
  if (!hasMember(row, column)) return zeroTimeMs;
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
