/**
 * Units of measure as senders write them (the case-sensitive codes of UCUM, which OpenTelemetry
 * uses, and the usual words), and values as people read them.
 *
 * Q1 A value is converted only between units of one dimension; units that are not in the table
 *    are equal when their texts are.
 */

/** Per dimension: what one unit is in the dimension's first one. */
const dimensions: Record<string, number>[] = [
  { ms: 1, ns: 1e-6, us: 1e-3, s: 1e3, sec: 1e3, min: 6e4, m: 6e4, h: 3.6e6, d: 8.64e7 },
  { "1": 1, "%": 0.01, "": 1 },
  {
    ...{ By: 1, B: 1, kBy: 1e3, kB: 1e3, MBy: 1e6, MB: 1e6, GBy: 1e9, GB: 1e9 },
    ...{ KiBy: 2 ** 10, KiB: 2 ** 10, MiBy: 2 ** 20, MiB: 2 ** 20, GiBy: 2 ** 30, GiB: 2 ** 30 },
  },
  { "/s": 1, "/min": 1 / 60, "/h": 1 / 3600 },
  { Cel: 1 },
  { usd: 1 },
  { "usd/h": 1, "usd/d": 1 / 24, "usd/min": 60 },
];

const words: Record<string, string> = {
  ...{ seconds: "s", second: "s", milliseconds: "ms", minutes: "min", hours: "h", days: "d" },
  ...{ "µs": "us", "μs": "us", percent: "%", ratio: "1", bytes: "By", count: "", total: "" },
  ...{ "°C": "Cel", celsius: "Cel", C: "Cel", "$": "usd", USD: "usd", "USD/h": "usd/h" },
  ...{ "1/s": "/s", Hz: "/s", "tokens/s": "/s", "token/s": "/s", "requests/s": "/s" },
};

/** One spelling per unit; what stands in braces is a remark ("{token}/s"). */
function plainUnit(unit: string): string {
  const bare = unit.replace(/\{[^}]*\}/g, "").trim();
  return Object.hasOwn(words, bare) ? (words[bare] as string) : bare;
}

/** The value in another unit; null: the two have nothing to do with each other. */
export function converted(value: number, from: string, to: string): number | null {
  const [source, target] = [plainUnit(from), plainUnit(to)];
  if (source === target) return value;
  for (const factors of dimensions) {
    if (!Object.hasOwn(factors, source) || !Object.hasOwn(factors, target)) continue;
    const [of, by] = [factors[source] as number, factors[target] as number];
    // Dividing by a whole factor is exact where multiplying by its fraction is not.
    return of >= by ? value * (of / by) : value / (by / of);
  }
  return null;
}

export function isTimeUnit(unit: string): boolean {
  return Object.hasOwn(dimensions[0] as object, plainUnit(unit));
}

/** "12.5 s", "7.3 %", "41 GiB", "$12.5/h": at most four digits that count. */
export function quantityText(value: number, unit: string): string {
  if (isTimeUnit(unit)) return timeText(converted(value, unit, "ms") as number);
  const plain = plainUnit(unit);
  if (plain === "1") return `${numberText(value * 100)} %`;
  if (plain === "Cel") return `${numberText(value)} °C`;
  if (plain.startsWith("usd")) return `$${numberText(value)}${plain.slice("usd".length)}`;
  const bytes = converted(value, plain, "By");
  if (bytes !== null) return bytesText(bytes);
  return `${numberText(value)}${plain === "" || plain.startsWith("/") ? "" : " "}${plain}`;
}

function timeText(ms: number): string {
  const size = Math.abs(ms);
  if (size < 1e3) return `${numberText(ms)} ms`;
  if (size < 12e4) return `${numberText(ms / 1e3)} s`;
  return size < 72e5 ? `${numberText(ms / 6e4)} min` : `${numberText(ms / 3.6e6)} h`;
}

function bytesText(bytes: number): string {
  const power = Math.min(4, Math.floor(Math.log2(Math.max(1, Math.abs(bytes))) / 10));
  const names = ["B", "KiB", "MiB", "GiB", "TiB"];
  return `${numberText(bytes / 2 ** (10 * power))} ${names[power] as string}`;
}

function numberText(value: number): string {
  return String(Math.abs(value) >= 1e3 ? Math.round(value) : Number(value.toPrecision(4)));
}
