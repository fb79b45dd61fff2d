/**
 * The ground that one scenario is run on: starts the server, fills it with the population, runs
 * the scenario, waits until everything is drained, reconciles, and judges.
 *
 * F1 Every alert that got a 2xx must have been counted by the dedup stage in the end, and every
 *    distinct one of them be a row: lost = 0.
 */
import { Generator } from "./load/generator.ts";
import type { Pace, Phase, Target } from "./load/phase.ts";
import { LoadRecord, sendsAlerts } from "./result/load-record.ts";
import type { PhaseRecord } from "./result/load-record.ts";
import { generatorFault, verdictOf } from "./result/verdict.ts";
import type { Check, Verdict } from "./result/verdict.ts";
import { drain, reconcile } from "./reconcile.ts";
import type { Ground, Scenario, Settings } from "./scenario.ts";
import { openTarget } from "./target.ts";
import { Sampler } from "./watch/sampler.ts";
import { look } from "./watch/server-sample.ts";

export type Run = {
  scenario: Scenario;
  /** The scenario's alerts carry it in their label `instance`. */
  id: string;
  startedAt: string;
  version: string;
  record: LoadRecord;
  /** When the population was known and the load began, in seconds since the beginning. */
  filledSecond: number;
  shown: PhaseRecord[];
  sampler: Sampler;
  drainedSeconds: number | null;
  checks: Check[];
  notes: string[];
  verdict: Verdict;
};

export type RunOptions = {
  root: string;
  settings: Settings;
  /** A server that runs already; null: one is started. */
  given: Target | null;
  /** Null: the scenario's own. */
  seconds: number | null;
  say(line: string): void;
};

const requestTimeoutMs = 10_000;
const fillConnections = 4;
const fillWithinSeconds = 120;
const progressEveryMs = 5_000;

export async function runScenario(scenario: Scenario, options: RunOptions): Promise<Run> {
  const { settings, say } = options;
  const opened = await openTarget(options.root, options.given);
  try {
    const { target } = opened;
    const before = await look(target);
    if (before === null) throw new Error(`${target.host}:${target.port} does not answer`);
    const epochMs = Date.now();
    const record = new LoadRecord(epochMs);
    const { connectionsMax } = settings;
    const limits = { connectionsMax, timeoutMs: requestTimeoutMs, epochMs };
    const generator = new Generator(target, limits, (tick) => record.add(tick));
    const second = (): number => record.second(Date.now());
    const sampler = new Sampler(target, before, generator.pid, opened.sameMachine, second);
    const run: Run = {
      scenario,
      id: Date.now().toString(36),
      startedAt: new Date().toISOString(),
      version: before.version,
      ...{ record, filledSecond: 0, shown: [], sampler },
      ...{ drainedSeconds: null, checks: [], notes: [], verdict: "broken" },
    };
    const ground = groundOf(run, generator, target, options);
    try {
      sampler.start();
      if (scenario.needsRate) await fill(ground, run);
      run.filledSecond = second();
      await scenario.run(ground);
      say("  waiting until everything accepted is a row …");
      run.drainedSeconds = await drain(sampler, settings.limits.drainSeconds);
      run.checks.push(...(await reconcile(run, before, target, settings.limits.drainSeconds)));
    } finally {
      await sampler.stop();
      await generator.stop();
    }
    judge(run);
    return run;
  } finally {
    await opened.close();
  }
}

function judge(run: Run): void {
  const faulty = new Set<string>();
  for (const record of run.record.phases) {
    const fault = generatorFault(record);
    if (fault === null) continue;
    faulty.add(record.phase.name);
    run.notes.push(fault);
  }
  run.verdict = verdictOf(run.checks, faulty);
}

async function fill(ground: Ground, run: Run): Promise<void> {
  const { settings, say } = ground;
  say(`  making ${settings.population.toLocaleString("en")} alerts known …`);
  const { work } = ground.alerts("fill", settings.rate, 1);
  if (work.kind !== "alerts") return;
  const pace: Pace = { kind: "closed", connections: fillConnections };
  const phase: Phase = { name: "fill", work: { ...work, kind: "fill" }, pace, seconds: 0 };
  const filled = await ground.run({ ...phase, seconds: fillWithinSeconds });
  filled.endSecond = run.record.second(Date.now());
  if (filled.counts.accepted < settings.population) {
    throw new Error(`could not make the population known: ${JSON.stringify(filled.failures)}`);
  }
  const drained = await drain(ground.sampler, settings.limits.drainSeconds);
  if (drained === null) run.notes.push("the population was not yet processed when the load began");
}

function groundOf(
  run: Run,
  generator: Generator,
  target: Target,
  { settings, say, seconds }: RunOptions,
): Ground {
  const { record } = run;
  const start = (phase: Phase) => {
    const begun = record.begin(phase, Date.now());
    return { begun, ends: generator.start(phase), progress: tellProgress(begun, run, say) };
  };
  return {
    ...{ settings, target, record, say, sampler: run.sampler },
    seconds: seconds ?? run.scenario.seconds ?? 0,
    async run(phase) {
      const { begun, ends, progress } = start(phase);
      await ends.settled.finally(() => clearInterval(progress));
      return begun;
    },
    async runUntilOver(phase) {
      const { begun, ends, progress } = start(phase);
      await ends.over.finally(() => clearInterval(progress));
      return begun;
    },
    async idle(secondsMax) {
      await drain(run.sampler, secondsMax);
    },
    alerts(name, perSecond, lasts, resolveAfterSeconds = 0) {
      const { batch, repeats, population, seed } = settings;
      const requestsPerSecond = perSecond / batch;
      const resolveAfter = Math.ceil(resolveAfterSeconds * requestsPerSecond);
      const common = { run: run.id, seed, batch, repeats, population, resolveAfter };
      const mix = { ...common, phase: name, startsAtMs: Date.parse(run.startedAt) - 60_000 };
      const pace: Pace = { kind: "open", requestsPerSecond };
      return { name, work: { kind: "alerts", mix }, pace, seconds: lasts };
    },
    show: (...records) => void run.shown.push(...records),
    expect: (...checks) => void run.checks.push(...checks),
    note(text) {
      run.notes.push(text);
      say(`  ${text}`);
    },
  };
}

function tellProgress(
  { phase, counts, latency, startSecond }: PhaseRecord,
  { record, sampler }: Run,
  say: (line: string) => void,
): NodeJS.Timeout {
  return setInterval(() => {
    if (!sendsAlerts(phase)) return;
    const seconds = record.second(Date.now()) - startSecond;
    const latest = sampler.series.points().at(-1)?.value;
    // The second under way is not told of yet.
    const told = Math.max(1, Math.floor(seconds));
    const behind = latest?.alertsBehind?.toLocaleString("en") ?? "?";
    say(
      `  ${phase.name} ${seconds.toFixed(0)} s of ${phase.seconds} s: ` +
        `${Math.round(counts.accepted / told).toLocaleString("en")}/s accepted, ` +
        `p95 ${latency.at(0.95).toFixed(1)} ms, ${behind} alerts behind`,
    );
  }, progressEveryMs);
}
