/**
 * The ground that one scenario is run on: starts the server, fills it with the population, runs
 * the scenario, waits until everything is drained, reconciles, and judges.
 *
 * F1 Every alert that got a 2xx must have been counted by the dedup stage in the end, and every
 *    distinct one of them be a row: lost = 0.
 */
import { cpus } from "node:os";
import { scripts } from "./generator/scripts.ts";
import { startLoad } from "./load.ts";
import { drain, reconcile } from "./reconcile.ts";
import { LoadRecord } from "./result/load-record.ts";
import type { PhaseRecord } from "./result/load-record.ts";
import { machineFault, verdictOf } from "./result/verdict.ts";
import type { Check, Verdict } from "./result/verdict.ts";
import type { Ground, Load, Scenario, Settings } from "./scenario.ts";
import { openTarget } from "./target.ts";
import type { Target } from "./target.ts";
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
  k6Path: string;
  settings: Settings;
  /** A server that runs already; null: one is started. */
  given: Target | null;
  /** Null: the scenario's own. */
  seconds: number | null;
  say(line: string): void;
};

export async function runScenario(scenario: Scenario, options: RunOptions): Promise<Run> {
  const { settings, say } = options;
  const opened = await openTarget(options.root, options.given);
  const loads: { stop(): Promise<void> }[] = [];
  try {
    const { target } = opened;
    const before = await look(target);
    if (before === null) throw new Error(`${target.host}:${target.port} does not answer`);
    const record = new LoadRecord(Date.now());
    const second = (): number => record.second(Date.now());
    const sampler = new Sampler(target, before, opened.sameMachine, second);
    const run: Run = {
      scenario,
      id: Date.now().toString(36),
      startedAt: new Date().toISOString(),
      version: before.version,
      ...{ record, filledSecond: 0, shown: [], sampler },
      ...{ drainedSeconds: null, checks: [], notes: [], verdict: "broken" },
    };
    const ground = groundOf(run, target, options, loads);
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
    }
    judge(run, ground);
    return run;
  } finally {
    for (const load of loads) await load.stop();
    await opened.close();
  }
}

function judge(run: Run, ground: Ground): void {
  const faults = new Map<string, string[]>();
  for (const record of run.record.phases) {
    const fault = ground.fault(record);
    if (fault === null || record.phase.judged === "none") continue;
    faults.set(fault, [...(faults.get(fault) ?? []), record.phase.name]);
  }
  for (const [fault, names] of faults) run.notes.push(`${names.join(", ")}: ${fault}`);
  run.verdict = verdictOf(run.checks, new Set([...faults.values()].flat()));
}

async function fill(ground: Ground, run: Run): Promise<void> {
  const { settings, say } = ground;
  say(`  making ${settings.population.toLocaleString("en")} alerts known …`);
  const load = ground.start(scripts.fill, { seconds: 0 });
  await load.ended;
  const [filled] = load.records;
  if (filled === undefined || filled.counts.accepted < settings.population) {
    throw new Error(`could not make the population known: ${JSON.stringify(filled?.failures)}`);
  }
  filled.endSecond = run.record.second(Date.now());
  const drained = await drain(ground.sampler, settings.limits.drainSeconds);
  if (drained === null) run.notes.push("the population was not yet processed when the load began");
}

function groundOf(
  run: Run,
  target: Target,
  options: RunOptions,
  loads: { stop(): Promise<void> }[],
): Ground {
  const { settings, say } = options;
  const { record, sampler } = run;
  const seconds = options.seconds ?? 0;
  const start: Ground["start"] = (script, change = {}): Load => {
    const common = { target, settings, run: run.id, seconds, change, k6Path: options.k6Path };
    const load = startLoad(script, common, { record, sampler, say });
    loads.push(load);
    return load;
  };
  return {
    ...{ settings, target, record, say, sampler, seconds, start },
    async idle(secondsMax) {
      await drain(sampler, secondsMax);
    },
    show: (...records) => void run.shown.push(...records),
    expect: (...checks) => void run.checks.push(...checks),
    note(text) {
      run.notes.push(text);
      say(`  ${text}`);
    },
    fault(each) {
      const { startSecond, endSecond } = each;
      const generator = sampler.meanCores("generatorCores", startSecond, endSecond);
      const others = sampler.meanCores("otherCores", startSecond, endSecond);
      return machineFault(each, { generator, others, machine: cpus().length });
    },
  };
}
