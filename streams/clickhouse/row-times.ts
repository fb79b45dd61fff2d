/** Times as the tables hold them. */

/** DateTime64(3) reads integers as milliseconds. */
export function milliseconds(rfc3339: string | null): number | null {
  return rfc3339 === null ? null : storable(Date.parse(rfc3339));
}

/** Senders write "year 1" for unset and "year 9999" for never; the column ends before both. */
const timeMinMs = Date.UTC(1900, 0, 1);
const timeMaxMs = Date.UTC(2299, 11, 31);

export function storable(ms: number): number {
  return Math.min(Math.max(Math.trunc(ms), timeMinMs), timeMaxMs);
}
