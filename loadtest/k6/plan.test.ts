/** Settings, phases, and what k6 is told of them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scripts } from "../generator/scripts.ts";
import type { Script } from "../generator/script-run.ts";
import { optionsFor } from "./options.ts";
import { breakpointPhases, mixedPhases, overloadPhases, spikePhases } from "./phases.ts";
import { fillPhases, steadyPhases } from "./phases.ts";
import { readSettings, settingArguments } from "./settings.ts";

test("settings are what the arguments say, and a wrong one is named", () => {
  const env = { URL: "http://10.0.0.7:9093/", RATE: "20000", REPEATS: "0.5", LEVEL: "3", RUN: "r" };
  const settings = readSettings(env);
  expect(settings).toMatchObject({ url: "http://10.0.0.7:9093", rate: 20_000, repeats: 0.5 });
  const told = settingArguments(settings).filter((each) => each !== "-e");
  expect(readSettings(Object.fromEntries(told.map((each) => each.split("="))))).toEqual(settings);
  expect(() => readSettings({ RATE: "fast" })).toThrow('RATE: got "fast", expected a number');
  expect(() => readSettings({ REPEATS: "1.5" })).toThrow("REPEATS");
  expect(() => readSettings({ URL: "http://host/path" })).toThrow("URL: got");
});

test("a spike is calm, then eight times as much at once, then calm", () => {
  const phases = spikePhases(readSettings({ RATE: "8000", SECONDS: "20" }));
  const shape = phases.map((each) => [each.perSecond, each.startSecond, each.seconds]);
  expect(shape).toEqual([
    [2_000, 0, 5],
    [16_000, 5, 5],
    [2_000, 10, 10],
  ]);
});

test("rates are open: so many requests a second, whole or not, from users made before", () => {
  const settings = readSettings({ RATE: "1000", BATCH: "64", SECONDS: "10" });
  const { scenarios } = optionsFor(steadyPhases(settings), settings);
  expect(scenarios["steady"]).toMatchObject({
    ...{ executor: "constant-arrival-rate", rate: 15_625, timeUnit: "1000s" },
    ...{ duration: "10000ms", preAllocatedVUs: 50, maxVUs: 50 },
  });
  const many = readSettings({ RATE: "1000000" });
  const [steady] = Object.values(optionsFor(steadyPhases(many), many).scenarios);
  expect(steady).toMatchObject({ preAllocatedVUs: 500, maxVUs: 500 });
});

test("thresholds follow what a phase is to show", () => {
  const settings = readSettings({ RATE: "6400", SECONDS: "10", ALONE: "no" });
  expect(optionsFor(steadyPhases(settings), settings).thresholds).toEqual({
    "alerts_latency{scenario:steady}": ["p(95)<=250", "p(99)<=1000"],
    "alerts_shed{scenario:steady}": ["count<=640"],
    "dropped_iterations{scenario:steady}": ["count<=10"],
    "alerts_failed{scenario:steady}": ["count<=0"],
  });
  expect(Object.keys(optionsFor(overloadPhases(settings), settings).thresholds)).toEqual([
    "alerts_failed{scenario:overload}",
    "alerts_failed{scenario:recovery}",
  ]);
  const mixed = optionsFor(mixedPhases(settings), settings).thresholds;
  expect(mixed["reads_latency{scenario:sql}"]).toEqual(["p(95)<=1000", "p(99)<=4000"]);
  const alone = { ...settings, alone: true };
  expect(optionsFor([], alone).thresholds).toEqual({ alerts_lost: ["value<=0"] });
});

test("the population is sent once, and a search by hand climbs without a gap", () => {
  const settings = readSettings({ POPULATION: "1000", BATCH: "64", RATE: "100" });
  const { scenarios } = optionsFor(fillPhases(settings), settings);
  expect(scenarios["fill"]).toMatchObject({ executor: "shared-iterations", iterations: 16 });
  const levels = breakpointPhases(settings);
  expect(levels.slice(0, 3).map((each) => each.perSecond)).toEqual([100, 130, 169]);
  for (const [at, { startSecond }] of levels.entries()) {
    expect(startSecond).toBe(at === 0 ? 0 : levels[at - 1]!.startSecond + levels[at - 1]!.seconds);
  }
});

test.each(Object.values<Script>(scripts))("$file exports what its phases run", ({ file, plan }) => {
  const text = readFileSync(join(import.meta.dirname, file), "utf8");
  expect(text).toContain(`script(${plan.name})`);
  const exported = [...text.matchAll(/export const \{ (.*) \}/g)].flatMap(([, all]) =>
    (all ?? "").split(", "),
  );
  for (const { work } of plan(readSettings({}))) expect(exported).toContain(work);
  expect(exported).toEqual(expect.arrayContaining(["options", "setup", "teardown"]));
});
