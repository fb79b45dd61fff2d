/** Durations as Go's time.ParseDuration reads them: "1m30s", "1.5h", "-2ms"; no days or weeks. */

const unitMs: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  "µs": 1e-3,
  "μs": 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** In ms, with fractions. Null: not one; a number without a unit is none, except 0. */
export function parseGoDuration(text: string): number | null {
  if (/^[+-]?0$/.test(text)) return 0;
  const match = /^([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/.exec(text);
  if (match === null) return null;
  let ms = 0;
  for (const [, number, unit] of match[2]!.matchAll(/([\d.]+)([a-zµμ]+)/g)) {
    ms += Number(number) * unitMs[unit!]!;
  }
  return match[1] === "-" ? -ms : ms;
}
