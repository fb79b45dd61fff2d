/** How a kind of personal data or secret is found in a text. Pure. */

/** Called for each finding, [start, end) in UTF-16 units, from left to right. */
export type Found = (start: number, end: number) => void;

/** Takes time in proportion to the text's length, whatever the text. */
export type Finder = (text: string, found: Found) => void;

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** A letter or digit of ASCII. */
export function isAlphanumeric(code: number): boolean {
  return isDigit(code) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}
