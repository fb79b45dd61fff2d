/** Durations ("1h30m") and sizes ("16MiB") as people write them in configuration. Pure. */

const unitMs: [string, number][] = [
  ["w", 7 * 24 * 3_600_000],
  ["d", 24 * 3_600_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
  ["ms", 1],
];
const unitBytes: Record<string, number> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** Whole ms; units once each, from large to small. Null when it is no duration. */
export function parseDuration(text: string): number | null {
  if (text === "0") return 0;
  let restMs = 0;
  let position = 0;
  let unitIndex = -1;
  const part = /(\d{1,12})(ms|[wdhms])/y;
  while (position < text.length) {
    part.lastIndex = position;
    const match = part.exec(text);
    if (match === null) return null;
    const index = unitMs.findIndex(([unit]) => unit === match[2]);
    if (index <= unitIndex) return null;
    restMs += Number(match[1]) * unitMs[index]![1];
    unitIndex = index;
    position = part.lastIndex;
  }
  return position === 0 || !Number.isSafeInteger(restMs) ? null : restMs;
}

/** The shortest text that `parseDuration` reads back as `ms`. */
export function formatDuration(ms: number): string {
  let out = "";
  let restMs = ms;
  for (const [unit, size] of unitMs) {
    const count = Math.floor(restMs / size);
    if (count > 0 && (unit !== "w" || restMs % size === 0)) {
      out += `${count}${unit}`;
      restMs -= count * size;
    }
  }
  return out === "" ? "0s" : out;
}

/** Whole bytes. Null when it is no size. */
export function parseSize(text: string): number | null {
  const match = /^(\d{1,12})\s?([KMG]?i?B)$/.exec(text);
  const unit = match === null ? undefined : unitBytes[match[2]!];
  if (match === null || unit === undefined) return null;
  const bytes = Number(match[1]) * unit;
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** The largest binary unit that needs no fraction. */
export function formatSize(bytes: number): string {
  for (const unit of ["GiB", "MiB", "KiB"]) {
    const size = unitBytes[unit]!;
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return `${bytes}B`;
}
