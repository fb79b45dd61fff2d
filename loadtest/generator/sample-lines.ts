/**
 * k6's samples, as its output `csv` writes them to a pipe: one line each, with the columns that
 * the first line names. Of the dozen samples that every request leaves only ours are taken
 * apart. Memory is that of one line.
 */
export type K6Sample = {
  metric: string;
  /** Unix time, ms. */
  atMs: number;
  value: number;
  /** The phase; empty for what is sent outside of one. */
  scenario: string;
  /** Of failures: what went wrong. */
  reason: string;
};

const wanted = /^(alerts_|reads_|dropped_iterations,)/;
/** Longer lines are not samples. */
const lineCharsMax = 10_000;

export class SampleLines {
  readonly #tell: (sample: K6Sample) => void;
  #rest = "";

  constructor(tell: (sample: K6Sample) => void) {
    this.#tell = tell;
  }

  /** The next piece of the output, wherever it was cut. */
  read(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = (lines.pop() ?? "").slice(0, lineCharsMax);
    for (const line of lines) {
      if (!wanted.test(line)) continue;
      const sample = parseSample(line);
      if (sample !== null) this.#tell(sample);
    }
  }
}

/** The arguments and the environment that make k6 write what this file reads. */
export const csvArguments = ["--out", "csv=-"];
export const csvEnvironment = {
  K6_CSV_TIME_FORMAT: "unix_milli",
  K6_CSV_SAVE_INTERVAL: "500ms",
};

/** Null: not a sample. */
export function parseSample(line: string): K6Sample | null {
  const [metric = "", at = "", amount = "", scenario = "", extra = ""] = line.split(",");
  const [atMs, value] = [Number(at), Number(amount)];
  if (at === "" || amount === "" || !Number.isFinite(atMs) || !Number.isFinite(value)) return null;
  const reason = /(?:^"?|&)reason=([^&"]*)/.exec(extra)?.[1] ?? "";
  return { metric, atMs, value, scenario, reason };
}
