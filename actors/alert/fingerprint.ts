/** A fingerprint as two numbers, as tables and indexes hold it. */
const spelling = /^[0-9a-f]{16}$/;

/** The result of the last `readFingerprint` that found one: two signed 32-bit halves. */
export const halves = { high: 0, low: 0 };

/** The text of these halves. */
export function fingerprintText(high: number, low: number): string {
  return hex(high) + hex(low);
}

function hex(half: number): string {
  return (half >>> 0).toString(16).padStart(8, "0");
}

/**
 * Reads the 16 lower-case hexadecimal digits of a fingerprint into `halves`.
 * @returns false for any other text.
 */
export function readFingerprint(text: string): boolean {
  if (!spelling.test(text)) return false;
  halves.high = Number.parseInt(text.slice(0, 8), 16) | 0;
  halves.low = Number.parseInt(text.slice(8), 16) | 0;
  return true;
}
