/** `tocsin capacity`: how much machine a firehose needs, by measuring this one. */
import { readFileSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { busiestShareBy } from "../../capacity/busiest-share.ts";
import type { CalibrationSettings } from "../../capacity/calibrate.ts";
import { type Calibration, readCalibration } from "../../capacity/calibration.ts";
import { coreCounts } from "../../capacity/core-scaling.ts";
import type { Demand } from "../../capacity/disk-plan.ts";
import { canPin } from "../../capacity/own-cores.ts";
import { plan } from "../../capacity/plan.ts";
import { loadPointsMin, type SelfCheck, selfCheck } from "../../capacity/self-check.ts";
import { loadHash32 } from "../../streams/domain-partition.ts";
import { calibrationText, planText } from "../capacity-text.ts";
import { type Command, EXIT, type Io } from "../command.ts";
import { CommandFailure, defineCommand, type Flags, usageError } from "../define-command.ts";
import { readDuration } from "../durations.ts";
import { plain } from "../plain-text.ts";

const help = `Usage: tocsin capacity [--rate N --fingerprints N --retention 720h] [options]

How many cores, shards and nodes, how much memory and disk? Starts a Tocsin of its own with an
empty data directory, loads it for about a minute, fits a scaling law to what it measures, and
checks the law against measurements that it did not see. Run it where nothing else runs.

What is asked for:
  --rate N          alerts a second; without it: what this machine can do
  --fingerprints N  distinct alerts that are active at once (default 100000)
  --retention TIME  how long ClickHouse keeps rows (default 720h)
  --repeats SHARE   of the alerts, those that say again what is known (default 0.95)
  --utilisation S   the share of cores and threads that may be busy (default 0.6)
  --node-cores N    cores of a node (default: as many as the measured machine)
  --nodes-max N     fail when more nodes are needed

How it is measured:
  --from FILE       answer from a saved calibration, without measuring
  --save FILE       write the calibration
  --seconds S       load at each point, 0.2 to 60 (default 2)
  --in-flight LIST  requests in flight, at least ${loadPointsMin} values (default 1,2,4,8,16,32,64)
  --core-counts L   also measure on so many cores; "none", or e.g. 1,2,4 (default: doubling, where
                    there are at least 4 cores and taskset)
  --scratch DIR     where its data goes, and is removed from again (default: ${tmpdir()})

  --json            calibration, fit, errors and plan as JSON
  --url URL         not used: nothing is asked of a running Tocsin
  --help            this text

Examples:
  tocsin capacity
  tocsin capacity --rate 50000 --fingerprints 1000000 --retention 720h --save here.json
  tocsin capacity --from here.json --rate 200000 --node-cores 16 --repeats 0.98
`;

const root = fileURLToPath(new URL("../..", import.meta.url));
const measuring = ["save", "seconds", "in-flight", "core-counts", "scratch"];
const nodesMost = 10_000;
const retentionMaxMs = 3_660 * 24 * 3_600_000;
const scratchBytesMin = 2 * 1024 ** 3;

export const command: Command = defineCommand({
  name: "capacity",
  summary: "how many cores, nodes, memory and disk a rate needs, measured on this machine",
  help,
  options: {
    rate: "text",
    fingerprints: "text",
    retention: "text",
    repeats: "text",
    utilisation: "text",
    "node-cores": "text",
    "nodes-max": "text",
    from: "text",
    save: "text",
    seconds: "text",
    "in-flight": "text",
    "core-counts": "text",
    scratch: "text",
  },
  run,
});

async function run(flags: Flags, io: Io): Promise<number> {
  const [first] = flags.positionals;
  if (first !== undefined) throw usageError(`got "${plain(first)}", expected only options`);
  const asked = flags.has("rate");
  if (!asked && flags.has("nodes-max")) throw usageError("--nodes-max needs --rate");
  const wish = readDemand(flags);
  const calibration = flags.has("from") ? saved(flags) : await measured(flags, io);
  const check = checked(calibration);
  const share = busiestShareBy(await loadHash32());
  const demand = { ...wish, coresPerNode: wish.coresPerNode || calibration.machine.cores };
  if (!asked) {
    // What one node sustains is what the plan for any rate says of one node.
    const one = { ...demand, alertsPerSecond: 1, nodesMax: 1 };
    demand.alertsPerSecond = Math.floor(plan(calibration, one, share).sustainedPerSecond);
  }
  const answer = plan(calibration, demand, share);
  const { accepted, processed, predictions } = check;
  const result = { plan: answer, fit: { accepted, processed }, predictions, calibration };
  if (flags.has("json")) io.out(`${JSON.stringify(result, null, 2)}\n`);
  else io.out(`${calibrationText(calibration, check)}\n${planText(answer, calibration, asked)}`);
  const off = predictions.filter(({ isOff }) => isOff);
  for (const { what, relativeError } of off) {
    io.err(`tocsin capacity: off by ${Math.round(relativeError * 100)} % for ${what}\n`);
  }
  if (off.length > 0) io.err("Measure on a quieter machine, or longer: --seconds 5\n");
  const tooMany = demand.nodesMax !== null && answer.nodes > demand.nodesMax;
  if (!tooMany) return EXIT.ok;
  io.err(`tocsin capacity: ${answer.nodes} nodes needed, --nodes-max is ${demand.nodesMax}\n`);
  return EXIT.failed;
}

/** coresPerNode 0: those of the calibrated machine. */
function readDemand(flags: Flags): Demand {
  const retention = flags.text("retention") ?? "720h";
  return {
    alertsPerSecond: flags.number("rate", 1, 1e9, 1),
    fingerprints: flags.number("fingerprints", 1, 1e10, 100_000),
    retentionMs: readDuration("--retention", retention, retentionMaxMs),
    repeatShare: decimal(flags, "repeats", 0, 1, 0.95),
    utilisation: decimal(flags, "utilisation", 0.05, 1, 0.6),
    coresPerNode: flags.has("node-cores") ? flags.number("node-cores", 1, 1_024, 1) : 0,
    nodesMax: flags.has("nodes-max") ? flags.number("nodes-max", 1, nodesMost, 1) : null,
  };
}

function decimal(flags: Flags, name: string, min: number, max: number, fallback: number): number {
  const text = flags.text(name);
  if (text === null) return fallback;
  const value = /^\d{0,6}(\.\d{1,9})?$/.test(text) && text !== "" ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw usageError(`--${name}: got "${plain(text)}", expected a number from ${min} to ${max}`);
}

function saved(flags: Flags): Calibration {
  const other = measuring.find((name) => flags.has(name));
  if (other !== undefined) throw usageError(`--${other} and --from: nothing is measured then`);
  const file = flags.text("from") ?? "";
  try {
    return readCalibration(readFileSync(file, "utf8"));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(`--from: got "${plain(file)}", expected a calibration: ${plain(why)}`);
  }
}

function checked(calibration: Calibration): SelfCheck {
  try {
    return selfCheck(calibration);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new CommandFailure(`the calibration fits no curve: ${error.message}; measure for longer`);
  }
}

async function measured(flags: Flags, io: Io): Promise<Calibration> {
  const settings = readSettings(flags);
  // Only here: it brings the load generator and NATS along, which no saved answer needs.
  const { calibrate } = await import("../../capacity/calibrate.ts");
  const signal = io.interrupted?.() ?? new AbortController().signal;
  const calibration = await calibrate(settings, (line) => io.err(`${line}\n`), signal).catch(
    (error: unknown) => {
      if (signal.aborted) throw new CommandFailure("interrupted; what it started is ended");
      throw new CommandFailure(error instanceof Error ? error.message : String(error));
    },
  );
  const file = flags.text("save");
  if (file !== null) {
    try {
      writeFileSync(file, `${JSON.stringify(calibration, null, 2)}\n`);
    } catch (error) {
      throw new CommandFailure(`--save: cannot write "${plain(file)}" (${String(error)})`);
    }
  }
  return calibration;
}

function readSettings(flags: Flags): CalibrationSettings {
  const cores = availableParallelism();
  const scratchDir = flags.text("scratch") ?? tmpdir();
  checkScratch(scratchDir);
  const inFlight = list(flags, "in-flight", "1,2,4,8,16,32,64", 1_024);
  if (inFlight.length < loadPointsMin) {
    throw usageError(
      `--in-flight: got ${inFlight.length} different values, expected at least ${loadPointsMin}: ` +
        "three are fitted, and the fit is checked against the rest",
    );
  }
  const counts = flags.text("core-counts");
  const wanted = counts === null || counts === "none" ? [] : list(flags, "core-counts", "", cores);
  if (wanted.length > 0 && !canPin()) throw usageError("--core-counts needs Linux and taskset");
  return {
    root,
    scratchDir,
    secondsPerPoint: decimal(flags, "seconds", 0.2, 60, 2),
    repeatShare: decimal(flags, "repeats", 0, 1, 0.95),
    inFlight,
    coreCounts: counts === null && canPin() ? coreCounts(cores) : wanted,
  };
}

/** Different whole numbers from 1 to max, in order. */
function list(flags: Flags, name: string, fallback: string, max: number): number[] {
  const text = flags.text(name) ?? fallback;
  const values = text.split(",").map((part) => (/^\d{1,6}$/.test(part) ? Number(part) : 0));
  if (values.every((value) => value >= 1 && value <= max)) {
    return [...new Set(values)].sort((a, b) => a - b);
  }
  throw usageError(
    `--${name}: got "${plain(text)}", expected whole numbers from 1 to ${max} with commas between`,
  );
}

function checkScratch(dir: string): void {
  const place = `--scratch: got "${plain(dir)}"`;
  if (statSync(dir, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw usageError(`${place}, expected an existing directory`);
  }
  const { bavail, bsize } = statfsSync(dir);
  if (bavail * bsize < scratchBytesMin) {
    throw new CommandFailure(`${place}, expected one with 2 GiB free; name another one`);
  }
}
