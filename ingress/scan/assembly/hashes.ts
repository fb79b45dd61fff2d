/**
 * Both hashes of an alert, four 32-bit lanes in a vector.
 *
 * `xxhash32` is XXH32 (github.com/Cyan4973/xxHash, doc/xxhash_spec.md). `hashKey` is 64 bits in one
 * pass: XXH32's structure twice, with seeds and multipliers of their own, so that what collides in
 * one half says nothing about the other. The second half's numbers, and how the rest of a slice is
 * taken in, are not the specification's, and nobody else computes them.
 */
const prime1: i32 = <i32>0x9e3779b1;
const prime2: i32 = <i32>0x85ebca77;
const prime3: i32 = <i32>0xc2b2ae3d;
const prime4: i32 = 0x27d4eb2f;
const prime5: i32 = 0x165667b1;

let first: i32 = 0;
let second: i32 = 0;

/** The halves of the last `hashKey`. */
export function firstHalf(): i32 {
  return first;
}

export function secondHalf(): i32 {
  return second;
}

/** Hashes bytes [start, end) into the two halves. */
export function hashKey(start: usize, end: usize, seed1: i32, seed2: i32): void {
  const length = <i32>(end - start);
  let a = i32x4(seed1 + prime1 + prime2, seed1 + prime2, seed1, seed1 - prime1);
  let b = i32x4(seed2 ^ prime3, seed2 + prime4, seed2 - prime5, ~seed2);
  let at = start;
  for (; at + 16 <= end; at += 16) {
    const words = v128.load(at);
    a = firstRound(a, words);
    b = secondRound(b, words);
  }
  // What is left, alone in a block of zeros: with the length beside it no two slices are alike.
  if (at < end) {
    const words = leftOver(at, end);
    a = firstRound(a, words);
    b = secondRound(b, words);
  }
  first = finished(joined(a) + length, prime2, prime3);
  second = finished(joined(i32x4.shuffle(b, b, 3, 2, 1, 0)) ^ (length * prime5), prime3, prime1);
}

/** Bytes [at, end), fewer than 16 of them, and zeros behind them. */
function leftOver(at: usize, end: usize): v128 {
  const lanes = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return v128.and(v128.load(at), i8x16.lt_u(lanes, i8x16.splat(<i8>(end - at))));
}

function firstRound(lanes: v128, words: v128): v128 {
  const mixed = i32x4.add(lanes, i32x4.mul(words, i32x4.splat(prime2)));
  return i32x4.mul(rotatedLanes(mixed, 13), i32x4.splat(prime1));
}

function secondRound(lanes: v128, words: v128): v128 {
  const mixed = v128.xor(lanes, i32x4.mul(words, i32x4.splat(prime3)));
  const turned = i32x4.mul(rotatedLanes(mixed, 15), i32x4.splat(prime4));
  return i32x4.add(turned, i32x4.splat(prime5));
}

function rotatedLanes(lanes: v128, by: i32): v128 {
  return v128.or(i32x4.shl(lanes, by), i32x4.shr_u(lanes, 32 - by));
}

function joined(lanes: v128): i32 {
  return (
    rotl(i32x4.extract_lane(lanes, 0), 1) +
    rotl(i32x4.extract_lane(lanes, 1), 7) +
    rotl(i32x4.extract_lane(lanes, 2), 12) +
    rotl(i32x4.extract_lane(lanes, 3), 18)
  );
}

function finished(hash: i32, factor1: i32, factor2: i32): i32 {
  let mixed: u32 = <u32>hash;
  mixed = (mixed ^ (mixed >> 15)) * <u32>factor1;
  mixed = (mixed ^ (mixed >> 13)) * <u32>factor2;
  return <i32>(mixed ^ (mixed >> 16));
}

/** XXH32 of bytes [start, end). */
export function xxhash32(start: usize, end: usize, seed: i32): i32 {
  let at = start;
  let hash = seed + prime5;
  if (end - start >= 16) {
    let lanes = i32x4(seed + prime1 + prime2, seed + prime2, seed, seed - prime1);
    for (; at + 16 <= end; at += 16) lanes = firstRound(lanes, v128.load(at));
    hash = joined(lanes);
  }
  hash += <i32>(end - start);
  for (; at + 4 <= end; at += 4) hash = rotl(hash + load<i32>(at) * prime3, 17) * prime4;
  for (; at < end; at += 1) hash = rotl(hash + <i32>load<u8>(at) * prime5, 11) * prime1;
  return finished(hash, prime2, prime3);
}
