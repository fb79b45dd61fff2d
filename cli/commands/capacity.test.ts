/**
 * `tocsin capacity` from a calibration that a real run saved, and one short real run. Nothing
 * here depends on how fast this machine is.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { capturedIo } from "../../testing/captured-io.ts";
import { command } from "./capacity.ts";

const fixture = fileURLToPath(new URL("../../capacity/calibration-fixture.json", import.meta.url));
let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "tocsin-capacity-test-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function run(...args: string[]): Promise<[code: number, out: string, err: string]> {
  const io = capturedIo();
  const code = await command.run(args, io);
  return [code, io.stdout(), io.stderr()];
}

type Result = {
  plan: { cores: number; nodes: number; demand: { alertsPerSecond: number; coresPerNode: number } };
  fit: { processed: { fit: { lambda: number }; points: { heldOut: boolean }[] } };
  predictions: { relativeError: number; isOff: boolean }[];
  calibration: { points: { accepted: number }[]; cpu: { fresh: Record<string, number> } };
};

describe("from a saved calibration", () => {
  test("a rate is answered with every need, its basis, the limits and the errors", async () => {
    const [code, out] = await run(
      ...["--from", fixture, "--rate", "50000", "--fingerprints", "1000000", "--retention", "720h"],
    );
    expect(code).toBe(0);
    expect(out).toMatch(/^For 50,000 alerts\/s, 95 % of them repeats, 1,000,000 active/m);
    for (const need of ["cores", "nodes", "shards a node", "memory a node", "disk a node"]) {
      expect(out).toMatch(new RegExp(`^${need} +\\d.* (measured|fitted|assumed) `, "m"));
    }
    expect(out).toMatch(/^nodes +\d+ \+ 1 /m);
    expect(out).toMatch(/^Fitted: X\(N\)/m);
    expect(out).toMatch(/^processed +[\d,]+ ± [\d,]+ /m);
    expect(out).toMatch(/^[\d,]+ +[\d,]+ +[+-][\d.]+ % +alerts\/s processed, 32 requests/m);
    expect(out).toMatch(/^Binding limit: /m);
    expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(130);
  });

  test("the same question has the same answer", async () => {
    const ask = ["--from", fixture, "--rate", "123456", "--node-cores", "16", "--json"];
    const [first, second] = [await run(...ask), await run(...ask)];
    expect(first).toEqual(second);
    const { plan } = JSON.parse(first[1]) as Result;
    expect(plan.demand).toMatchObject({ alertsPerSecond: 123_456, coresPerNode: 16 });
  });

  test("without a rate, what the machine can do: just that needs one node of it", async () => {
    const [, out] = await run("--from", fixture, "--json");
    const { plan, predictions, fit } = JSON.parse(out) as Result;
    expect(plan.nodes).toBe(1);
    expect(plan.demand.alertsPerSecond).toBeGreaterThan(1_000);
    expect(fit.processed.points.filter((point) => point.heldOut)).toHaveLength(2);
    expect(predictions).toHaveLength(6);
    const more = String(Math.ceil(plan.demand.alertsPerSecond * 1.01));
    const [, above] = await run("--from", fixture, "--rate", more, "--json");
    expect((JSON.parse(above) as Result).plan.nodes).toBe(2);
  });

  test("other core counts are marked as extrapolated", async () => {
    const [, out] = await run("--from", fixture, "--rate", "300000", "--node-cores", "32");
    expect(out).toMatch(/^Extrapolated: how 32 cores compare with the measured 2 is assumed/m);
    expect(out).toMatch(/^cores +\d+ +assumed /m);
  });

  test("--nodes-max fails when it does not suffice", async () => {
    const [code, , err] = await run("--from", fixture, "--rate", "900000", "--nodes-max", "1");
    expect(code).toBe(1);
    expect(err).toMatch(/\d+ nodes needed, --nodes-max is 1/);
    expect((await run("--from", fixture, "--rate", "10", "--nodes-max", "1"))[0]).toBe(0);
  });

  test("a prediction that is off is warned about", async () => {
    const saved = JSON.parse(readFileSync(fixture, "utf8")) as {
      points: { inFlight: number; processedPerSecond: number }[];
    };
    for (const point of saved.points) if (point.inFlight === 32) point.processedPerSecond /= 2;
    const file = join(dir, "off.json");
    writeFileSync(file, JSON.stringify(saved));
    const [code, out, err] = await run("--from", file);
    expect(code).toBe(0);
    expect(out).toContain("WARNING: more than 20 % off");
    expect(err).toMatch(/off by \d+ % for alerts\/s processed, 32 requests in flight/);
  });
});

describe("mistakes name the option, the value and what was expected", () => {
  const usage: [args: string[], says: string][] = [
    [["--rate", "many"], '--rate: got "many", expected a whole number from 1 to'],
    [["--repeats", "1.5"], '--repeats: got "1.5", expected a number from 0 to 1'],
    [["--utilisation", "0"], '--utilisation: got "0", expected a number from 0.05 to 1'],
    [["--retention", "long"], '--retention: got "long", expected a duration'],
    [["--in-flight", "1,2,4"], "--in-flight: got 3 different values, expected at least 4"],
    [["--in-flight", "1,x"], '--in-flight: got "1,x", expected whole numbers from 1 to 1024'],
    [["--seconds", "0.01"], '--seconds: got "0.01", expected a number from 0.2 to 60'],
    [["--scratch", "/nowhere/at/all"], '--scratch: got "/nowhere/at/all", expected an existing'],
    [["--nodes-max", "2"], "--nodes-max needs --rate"],
    [["--from", "x", "--seconds", "3"], "--seconds and --from: nothing is measured then"],
    [["50000"], 'got "50000", expected only options'],
    [["--rates", "1"], "there is no option --rates; did you mean --rate?"],
  ];
  test.each(usage)("%j", async (args, says) => {
    const [code, out, err] = await run(...args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(says);
  });

  test("a file that is no calibration", async () => {
    expect((await run("--from", join(dir, "none")))[0]).toBe(1);
    const file = join(dir, "other.json");
    writeFileSync(file, '{"format": 7}');
    const [code, , err] = await run("--from", file);
    expect(code).toBe(1);
    expect(err).toContain("expected a calibration: its format is 7, expected 1");
  });

  test("a calibration whose points make no curve", async () => {
    const saved = JSON.parse(readFileSync(fixture, "utf8")) as { points: object[] };
    const file = join(dir, "short.json");
    writeFileSync(file, JSON.stringify({ ...saved, points: saved.points.slice(0, 2) }));
    const [code, , err] = await run("--from", file);
    expect(code).toBe(1);
    expect(err).toContain("the calibration fits no curve");
  });
});

test("a short real run measures, saves, answers, and leaves nothing behind", async () => {
  const file = join(dir, "real.json");
  const loads = ["--seconds", "0.3", "--in-flight", "1,2,4,8", "--core-counts", "none"];
  const [code, out, err] = await run(...loads, "--scratch", dir, "--save", file, "--json");
  expect([code, err.includes("starting a Tocsin")]).toEqual([0, true]);
  const { calibration, plan } = JSON.parse(out) as Result;
  expect(calibration.points).toHaveLength(4);
  for (const point of calibration.points) expect(point.accepted).toBeGreaterThan(0);
  expect(Object.values(calibration.cpu.fresh).some((seconds) => seconds > 0)).toBe(true);
  expect(plan.cores).toBeGreaterThan(0);
  expect(readdirSync(dir).filter((name) => name.startsWith("tocsin-capacity-"))).toEqual([]);
  const [again, told] = await run("--from", file, "--json");
  expect(again).toBe(0);
  expect((JSON.parse(told) as Result).plan).toEqual(plan);
}, 240_000);

test("an interrupted run ends what it started", async () => {
  const io = capturedIo();
  const scratch = mkdtempSync(join(dir, "interrupted-"));
  const running = command.run(["--scratch", scratch, "--core-counts", "none"], io);
  while (!io.stderr().includes("warming up")) await new Promise((next) => setTimeout(next, 50));
  io.interrupt();
  expect(await running).toBe(1);
  expect(io.stderr()).toContain("interrupted; what it started is ended");
  expect(readdirSync(scratch)).toEqual([]);
}, 240_000);
