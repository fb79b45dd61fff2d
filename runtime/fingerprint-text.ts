/** 16 lower-case hexadecimal digits, as events spell a fingerprint given as two signed halves. */
export function fingerprintText(high: number, low: number): string {
  scratch.writeInt32BE(high, 0);
  scratch.writeInt32BE(low, 4);
  return scratch.toString("hex");
}

const scratch = Buffer.alloc(8);
