/** Rates ("500/s") as people write them in configuration and on the command line. Pure. */

const unitSeconds: Record<string, number> = { s: 1, m: 60, h: 3_600 };

/** Units per second, above 0. Null when it is no rate. */
export function parseRate(text: string): number | null {
  const match = /^(\d{1,9})\/([smh])$/.exec(text);
  const rate = match === null ? 0 : Number(match[1]) / unitSeconds[match[2] as string]!;
  return rate > 0 ? rate : null;
}

/** The first unit, from the second on, that needs no fraction. */
export function formatRate(perSecond: number): string {
  for (const [unit, seconds] of Object.entries(unitSeconds)) {
    const count = perSecond * seconds;
    if (Math.abs(count - Math.round(count)) < 1e-6) return `${Math.round(count)}/${unit}`;
  }
  return `${perSecond}/s`;
}
