/**
 * XXH32 computed in place, over a slice of a request body. The WebAssembly build is faster per
 * byte but must first copy its input, which costs more than hashing a label set does; the
 * results are identical (a test compares them).
 */
const prime1 = 0x9e3779b1 | 0;
const prime2 = 0x85ebca77 | 0;
const prime3 = 0xc2b2ae3d | 0;
const prime4 = 0x27d4eb2f | 0;
const prime5 = 0x165667b1 | 0;

const round = (lane: number, input: number): number => {
  const mixed = (lane + Math.imul(input, prime2)) | 0;
  return Math.imul((mixed << 13) | (mixed >>> 19), prime1);
};

/** @returns the hash of bytes [start, end) of `view` as an unsigned 32-bit number. */
export function xxhash32(view: DataView, start: number, end: number, seed: number): number {
  const length = end - start;
  let at = start;
  let hash: number;
  if (length >= 16) {
    let lane1 = (seed + prime1 + prime2) | 0;
    let lane2 = (seed + prime2) | 0;
    let lane3 = seed | 0;
    let lane4 = (seed - prime1) | 0;
    for (const last = end - 16; at <= last; at += 16) {
      lane1 = round(lane1, view.getInt32(at, true));
      lane2 = round(lane2, view.getInt32(at + 4, true));
      lane3 = round(lane3, view.getInt32(at + 8, true));
      lane4 = round(lane4, view.getInt32(at + 12, true));
    }
    hash =
      (((lane1 << 1) | (lane1 >>> 31)) +
        ((lane2 << 7) | (lane2 >>> 25)) +
        ((lane3 << 12) | (lane3 >>> 20)) +
        ((lane4 << 18) | (lane4 >>> 14))) |
      0;
  } else {
    hash = (seed + prime5) | 0;
  }
  hash = (hash + length) | 0;
  for (; at + 4 <= end; at += 4) {
    hash = (hash + Math.imul(view.getInt32(at, true), prime3)) | 0;
    hash = Math.imul((hash << 17) | (hash >>> 15), prime4);
  }
  for (; at < end; at += 1) {
    hash = (hash + Math.imul(view.getUint8(at), prime5)) | 0;
    hash = Math.imul((hash << 11) | (hash >>> 21), prime1);
  }
  hash = Math.imul(hash ^ (hash >>> 15), prime2);
  hash = Math.imul(hash ^ (hash >>> 13), prime3);
  return (hash ^ (hash >>> 16)) >>> 0;
}
