/**
 * 64 bits over a slice of a request body, in one pass: XXH32 twice, with seeds and multipliers of
 * their own, so that what collides in one half says nothing about the other. The structure is
 * XXH32's (github.com/Cyan4973/xxHash, doc/xxhash_spec.md); the second half's numbers are not, and
 * nobody else computes them.
 */
const prime1 = 0x9e3779b1 | 0;
const prime2 = 0x85ebca77 | 0;
const prime3 = 0xc2b2ae3d | 0;
const prime4 = 0x27d4eb2f | 0;
const prime5 = 0x165667b1 | 0;

/** The result of the last `hashKey`: two signed 32-bit halves. */
export const keyHash = { first: 0, second: 0 };

/** Hashes bytes [start, end) of `view` into `keyHash`. */
export function hashKey(
  view: DataView,
  start: number,
  end: number,
  seed1: number,
  seed2: number,
): void {
  const length = end - start;
  let at = start;
  let a1 = (seed1 + prime1 + prime2) | 0;
  let a2 = (seed1 + prime2) | 0;
  let a3 = seed1 | 0;
  let a4 = (seed1 - prime1) | 0;
  let b1 = (seed2 ^ prime3) | 0;
  let b2 = (seed2 + prime4) | 0;
  let b3 = (seed2 - prime5) | 0;
  let b4 = ~seed2 | 0;
  for (const last = end - 16; at <= last; at += 16) {
    const word1 = view.getInt32(at, true);
    const word2 = view.getInt32(at + 4, true);
    const word3 = view.getInt32(at + 8, true);
    const word4 = view.getInt32(at + 12, true);
    a1 = firstRound(a1, word1);
    a2 = firstRound(a2, word2);
    a3 = firstRound(a3, word3);
    a4 = firstRound(a4, word4);
    b1 = secondRound(b1, word1);
    b2 = secondRound(b2, word2);
    b3 = secondRound(b3, word3);
    b4 = secondRound(b4, word4);
  }
  let first = joined(a1, a2, a3, a4) + length;
  let second = joined(b4, b3, b2, b1) ^ Math.imul(length, prime5);
  for (; at < end; at += 1) {
    const byte = view.getUint8(at) + 1;
    first = Math.imul(rotated(first + Math.imul(byte, prime5), 11), prime1);
    second = Math.imul(rotated(second ^ Math.imul(byte, prime3), 13), prime4);
  }
  keyHash.first = finished(first, prime2, prime3);
  keyHash.second = finished(second, prime3, prime1);
}

function firstRound(lane: number, word: number): number {
  return Math.imul(rotated(lane + Math.imul(word, prime2), 13), prime1);
}

function secondRound(lane: number, word: number): number {
  return Math.imul(rotated(lane ^ Math.imul(word, prime3), 15), prime4) + prime5;
}

function joined(lane1: number, lane2: number, lane3: number, lane4: number): number {
  return (rotated(lane1, 1) + rotated(lane2, 7) + rotated(lane3, 12) + rotated(lane4, 18)) | 0;
}

function rotated(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

function finished(hash: number, factor1: number, factor2: number): number {
  const once = Math.imul(hash ^ (hash >>> 15), factor1);
  const twice = Math.imul(once ^ (once >>> 13), factor2);
  return twice ^ (twice >>> 16);
}
