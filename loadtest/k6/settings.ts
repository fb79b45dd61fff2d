/** The settings of a script, from `k6 run -e NAME=VALUE`. Pure. */

export type Settings = {
  /** Of the server, without a slash at its end. */
  url: string;
  /** Alerts a second that `steady` holds; the other scripts send multiples of it. */
  rate: number;
  batch: number;
  /** Share of the alerts that the server already knows, 0 to 1. */
  repeats: number;
  population: number;
  seed: number;
  /** Requests that wait for an answer at once, at most, of each phase: its virtual users. */
  connections: number;
  /** Of the load, without making the population known; 0: the script's own. */
  seconds: number;
  p95Ms: number;
  p99Ms: number;
  /** Stands in the labels of all alerts; empty: chosen when the script begins. */
  run: string;
  /** Which level of a search this is; it stands in the labels of the level's new alerts. */
  level: number;
  /** Whether to make the population known first, and to wait for what is lost at the end. */
  alone: boolean;
};

export type Environment = Record<string, string | undefined>;

/** @throws Error that names the variable, what it got and what it takes. */
export function readSettings(env: Environment): Settings {
  const number = (name: string, fallback: number, min: number, max: number): number => {
    const text = env[name] ?? "";
    const value = text === "" ? fallback : Number(text);
    if (value >= min && value <= max) return value;
    throw new Error(`${name}: got "${text}", expected a number from ${min} to ${max}`);
  };
  const url = env["URL"] || "http://127.0.0.1:9093";
  if (!/^https?:\/\/[^/]+\/?$/.test(url)) {
    throw new Error(`URL: got "${url}", expected http://HOST:PORT and nothing behind it`);
  }
  return {
    url: url.replace(/\/$/, ""),
    rate: number("RATE", 1_000, 1, 10_000_000),
    batch: Math.floor(number("BATCH", 64, 1, 10_000)),
    repeats: number("REPEATS", 0.95, 0, 1),
    population: Math.floor(number("POPULATION", 2_048, 1, 100_000)),
    seed: Math.floor(number("SEED", 1, 0, 2 ** 31)),
    connections: Math.floor(number("CONNECTIONS", 500, 1, 10_000)),
    seconds: number("SECONDS", 0, 0, 7 * 86_400),
    p95Ms: number("P95", 250, 1, 60_000),
    p99Ms: number("P99", 1_000, 1, 60_000),
    run: env["RUN"] ?? "",
    level: Math.floor(number("LEVEL", 1, 1, 1_000)),
    alone: env["ALONE"] !== "no",
  };
}

/** The same, as arguments of k6. */
export function settingArguments(settings: Settings): string[] {
  const values: Record<string, string | number> = {
    URL: settings.url,
    RATE: settings.rate,
    BATCH: settings.batch,
    REPEATS: settings.repeats,
    POPULATION: settings.population,
    SEED: settings.seed,
    CONNECTIONS: settings.connections,
    SECONDS: settings.seconds,
    P95: settings.p95Ms,
    P99: settings.p99Ms,
    RUN: settings.run,
    LEVEL: settings.level,
    ALONE: settings.alone ? "yes" : "no",
  };
  return Object.entries(values).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
}
