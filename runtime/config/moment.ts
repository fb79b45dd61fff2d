/** Moments as people write them: 2026-03-02T09:00:00Z, 2026-03-02 10:00+01:00. Pure. */

const date = /(\d{4})-(\d\d)-(\d\d)/.source;
const clock = /(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3})\d*)?)?/.source;
const zone = /(?:[Zz]|([+-])(\d\d):(\d\d))/.source;
const written = new RegExp(`^${date}[Tt ]${clock}${zone}$`);

export const momentForm = "a time with its zone such as 2026-03-02T09:00:00Z";

/** In ms since 1970; what is finer is cut off. Null when it is none, or has no zone. */
export function parseMoment(text: string): number | null {
  const parts = written.exec(text);
  if (parts === null) return null;
  const [year, month, day, hour, minute, second] = parts
    .slice(1, 7)
    .map((part) => Number(part ?? 0)) as [number, number, number, number, number, number];
  if (hour > 23 || minute > 59 || second > 59) return null;
  const ms = Number((parts[7] ?? "0").padEnd(3, "0"));
  const [offsetHours, offsetMinutes] = [Number(parts[9] ?? 0), Number(parts[10] ?? 0)];
  if (offsetHours > 23 || offsetMinutes > 59) return null;
  const localMs = Date.UTC(year, month - 1, day, hour, minute, second, ms);
  // Date.UTC takes the 30th of February for the 2nd of March.
  const local = new Date(localMs);
  if (local.getUTCMonth() !== month - 1 || local.getUTCDate() !== day) return null;
  const offsetMs = (offsetHours * 60 + offsetMinutes) * 60_000;
  return localMs - (parts[8] === "-" ? -offsetMs : offsetMs);
}
