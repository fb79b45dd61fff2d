/**
 * One run of a k6 script: starts it, hands its samples on, and reads its thresholds at the end.
 *
 * G1 Whatever ends the runner ends k6.
 * G2 Crossed thresholds are a result; anything else that makes k6 fail is an error that says
 *    what k6 said.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Phase } from "../k6/phases.ts";
import { settingArguments } from "../k6/settings.ts";
import type { Settings } from "../k6/settings.ts";
import { SampleLines, csvArguments, csvEnvironment } from "./sample-lines.ts";
import type { K6Sample } from "./sample-lines.ts";
import type { K6Summary } from "./thresholds.ts";

/** A script under k6/, and what it sends. */
export type Script = { file: string; plan: (settings: Settings) => Phase[] };

/** Bodies are large and short-lived: collected half as often, they cost half the time. */
const collectorSetting = { GOGC: process.env["GOGC"] ?? "200" };
/** k6's exit code for thresholds that were crossed. */
const crossedCode = 99;
const toldLinesMax = 5;
const toldCharsMax = 300;
const scripts = join(import.meta.dirname, "..", "k6");
const quietly = ["--quiet", "--no-usage-report", "--no-color", "--log-format", "raw"];
/** No port of its own: several k6 may run on a machine. */
const withoutApi = ["--address", ""];

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export class ScriptRun {
  /** @throws Error when k6 fails otherwise than by thresholds. */
  readonly ended: Promise<K6Summary>;
  readonly #child: ChildProcess;

  constructor(
    k6Path: string,
    script: Script,
    settings: Settings,
    onSample: (sample: K6Sample) => void,
  ) {
    const dir = mkdtempSync(join(tmpdir(), "tocsin-k6-"));
    const summary = join(dir, "summary.json");
    const args = ["run", ...quietly, ...withoutApi, ...csvArguments, "--summary-export", summary];
    const child = spawn(k6Path, [...args, ...settingArguments(settings), script.file], {
      cwd: scripts,
      env: { ...withoutK6Settings(process.env), ...csvEnvironment, ...collectorSetting },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    running.add(child);
    const lines = new SampleLines(onSample);
    child.stdout.setEncoding("utf8").on("data", (text: string) => lines.read(text));
    const told = new LastLines();
    child.stderr.setEncoding("utf8").on("data", (text: string) => told.read(text));
    this.ended = new Promise<K6Summary>((resolve, reject) => {
      child.once("error", reject);
      // "close": all of its output has been read as well.
      child.once("close", (code, signal) => {
        running.delete(child);
        if (code !== 0 && code !== crossedCode) {
          const how = `k6 run ${script.file} ended with ${code ?? signal}`;
          return reject(new Error(`${how}: ${told.text()}`));
        }
        resolve(JSON.parse(readFileSync(summary, "utf8")) as K6Summary);
      });
    }).finally(() => rmSync(dir, { recursive: true, force: true }));
    // Whoever stops a run does not wait for its result.
    this.ended.catch(() => {});
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Ends it at once; its last samples may be missing. */
  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended.catch(() => {});
  }
}

/** A user's K6_… variables would change what is measured, or contradict the script. */
function withoutK6Settings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("K6_")));
}

/** The last different lines; under overload k6 says the same of every request. */
class LastLines {
  readonly #lines: string[] = [];
  #rest = "";

  read(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = (lines.pop() ?? "").slice(0, toldCharsMax);
    for (const line of lines) this.#add(line.trim().slice(0, toldCharsMax));
  }

  text(): string {
    this.#add(this.#rest);
    return this.#lines.join("; ") || "it said nothing";
  }

  #add(line: string): void {
    if (line === "" || this.#lines.includes(line)) return;
    this.#lines.push(line);
    if (this.#lines.length > toldLinesMax) this.#lines.shift();
  }
}
