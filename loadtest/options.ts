/** `npm run loadtest`: its options and its help. */
import { parseArgs } from "node:util";
import { parseDuration } from "../runtime/config/units.ts";
import type { Scenario, Settings } from "./scenario.ts";
import { byDefault, scenarios } from "./scenarios/all.ts";
import { parseUrl } from "./target.ts";
import type { Target } from "./target.ts";

export type Options = {
  chosen: Scenario[];
  /** Rate 0: still to be chosen. */
  settings: Settings;
  seconds: number | null;
  given: Target | null;
  json: string | null;
  html: string;
};

/** Every alert of the population is repeated about so often, as a Prometheus would. */
const repeatEverySeconds = 20;
const populationMin = 256;
const populationMax = 10_240;
const batchMax = 10_000;

const flags = {
  rate: { type: "string" },
  batch: { type: "string", default: "64" },
  repeats: { type: "string", default: "0.95" },
  duration: { type: "string" },
  connections: { type: "string", default: "500" },
  p95: { type: "string", default: "250" },
  p99: { type: "string", default: "1000" },
  drain: { type: "string", default: "30s" },
  seed: { type: "string", default: "1" },
  url: { type: "string" },
  "allow-remote": { type: "boolean", default: false },
  json: { type: "string" },
  html: { type: "string", default: "loadtest-report.html" },
  list: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

/** @throws Error that names the option, what it got and what it takes. */
export function readOptions(args: string[]): Options | { print: string } {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: flags });
  if (values.help) return { print: help() };
  if (values.list) return { print: list() };
  const given = values.url === undefined ? null : parseUrl(values.url, values["allow-remote"]);
  const rate = values.rate === undefined ? 0 : number("rate", values.rate, 1, 10_000_000);
  return {
    chosen: positionals.length === 0 ? byDefault : positionals.map(scenarioNamed),
    settings: {
      rate,
      batch: Math.floor(number("batch", values.batch, 1, batchMax)),
      repeats: number("repeats", values.repeats, 0, 1),
      population: populationFor(rate),
      connectionsMax: Math.floor(number("connections", values.connections, 1, 10_000)),
      seed: Math.floor(number("seed", values.seed, 0, 2 ** 31)),
      limits: {
        p95Ms: number("p95", values.p95, 1, 60_000),
        p99Ms: number("p99", values.p99, 1, 60_000),
        drainSeconds: seconds("drain", values.drain),
      },
    },
    seconds: values.duration === undefined ? null : seconds("duration", values.duration),
    given,
    json: values.json ?? null,
    html: values.html,
  };
}

export function populationFor(rate: number): number {
  const wanted = Math.floor(rate * repeatEverySeconds);
  return Math.min(populationMax, Math.max(populationMin, wanted));
}

function scenarioNamed(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (found !== undefined) return found;
  const names = scenarios.map((scenario) => scenario.name).join(", ");
  throw new Error(`no scenario is named "${name}"; there are: ${names}`);
}

function number(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text !== "" && value >= min && value <= max) return value;
  throw new Error(`--${name}: got "${text}", expected a number from ${min} to ${max}`);
}

function seconds(name: string, text: string): number {
  const ms = parseDuration(text);
  if (ms !== null && ms >= 1_000) return ms / 1000;
  throw new Error(`--${name}: got "${text}", expected at least 1s, such as 90s, 10m or 2h`);
}

function list(): string {
  return scenarios
    .map(({ name, question, seconds: lasts }) => {
      const time = lasts === null ? "a while" : lasts < 120 ? `${lasts} s` : `${lasts / 60} min`;
      return `${name.padEnd(11)} ${time.padEnd(8)} ${question}\n`;
    })
    .join("");
}

function help(): string {
  return `npm run loadtest [-- scenario…] [options]

Lets k6 send alerts at fixed rates (loadtest/k6/; a missing k6 is built with Go, once), watches the
server meanwhile, and says whether what was promised held: latency, nothing failed, nothing lost,
no backlog left behind. Without names, every scenario runs but soak. The exit code is 0 only if
every threshold held. See docs/loadtest.md.

${list()}
  --rate N          alerts a second of steady; others are multiples  (default: from the machine)
  --batch N         alerts a request                                 (default 64)
  --repeats SHARE   of the alerts, so many are known already         (default 0.95)
  --duration TIME   of each scenario's load; breakpoint has its own  (default: see above)
  --connections N   requests that wait for an answer, at most        (default 500)
  --p95, --p99 MS   latency thresholds                               (default 250, 1000)
  --drain TIME      the lag must be gone so soon after the load      (default 30s)
  --seed N          another seed, other labels                       (default 1)
  --url URL         a server that runs already, instead of a new one
  --allow-remote    the URL may be another machine's
  --json FILE       the report as JSON
  --html FILE       the report as a page                (default loadtest-report.html)
  --list            the scenarios
  --help            this

Examples:
  npm run loadtest -- smoke
  npm run loadtest -- steady spike --rate 20000
  npm run loadtest -- breakpoint --batch 200 --json breakpoint.json
  npm run loadtest -- soak --duration 4h --rate 5000
  npm run loadtest -- steady --url http://127.0.0.1:9093 --rate 1000
`;
}
