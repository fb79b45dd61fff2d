/** What `tocsin capacity` prints: the calibration with its fit and its errors, and the plan. */
import { type Calibration, cpuParts } from "../capacity/calibration.ts";
import type { Limit, Plan } from "../capacity/plan.ts";
import { type Curve, mix, type SelfCheck, total } from "../capacity/self-check.ts";
import { peakAt } from "../capacity/usl.ts";
import { duration } from "./commands/report.ts";
import { bars } from "./curve-plot.ts";
import { plain } from "./plain-text.ts";
import { table } from "./table.ts";

export function calibrationText(calibration: Calibration, check: SelfCheck): string {
  const { machine, settings, measuredAt, tocsinVersion } = calibration;
  const head =
    `Measured ${measuredAt.slice(0, 16).replace("T", " ")} UTC, Tocsin ${plain(tocsinVersion)}, ` +
    `${plain(machine.cpu)}, ${machine.cores} cores, ${bytes(machine.memoryBytes)}; ` +
    `${percent(settings.repeatShare)} repeats, ${settings.alertsPerRequest} alerts a request, ` +
    `${settings.secondsPerPoint} s a point\n`;
  return [
    head,
    curveText("Accepted alerts a second, by requests in flight", check.accepted),
    curveText("Processed alerts a second (counted, and rows in ClickHouse)", check.processed),
    fitText(check),
    predictionText(check),
    costText(calibration),
  ].join("\n");
}

function curveText(title: string, curve: Curve): string {
  const drawn = bars(curve);
  const rows = curve.points.map(({ inFlight, measured, fitted, heldOut }, at) => [
    `${inFlight}${heldOut ? " *" : ""}`,
    count(measured),
    count(fitted),
    signed(fitted / measured - 1),
    drawn[at] ?? "",
  ]);
  const legend = "= measured   | fitted   * kept out of the fit";
  return `${title}\n${table(["in flight", "measured", "fitted", "error", legend], rows)}`;
}

function fitText({ accepted, processed }: SelfCheck): string {
  const row = (name: string, { fit, points }: Curve): string[] => {
    const peak = peakAt(fit);
    const most = points.at(-1)?.inFlight ?? 0;
    return [
      name,
      withError(fit.lambda, fit.errors.lambda, count),
      withError(fit.sigma, fit.errors.sigma, small),
      withError(fit.kappa, fit.errors.kappa, small),
      fit.r2 === null ? "-" : fit.r2.toFixed(3),
      percent(fit.relativeRms),
      peak === null || peak > most ? `beyond ${most}` : peak.toFixed(0),
    ];
  };
  const heads = ["curve", "lambda", "sigma", "kappa", "R2", "rms error", "peak at"];
  return (
    "Fitted: X(N) = lambda N / (1 + sigma (N-1) + kappa N (N-1)), ± standard error\n" +
    table(heads, [row("accepted", accepted), row("processed", processed)])
  );
}

function predictionText({ predictions }: SelfCheck): string {
  const rows = predictions.map(({ what, predicted, measured, relativeError, isOff }) => [
    figure(predicted),
    figure(measured),
    signed(relativeError),
    `${what}${isOff ? "  WARNING: more than 20 % off" : ""}`,
  ]);
  const heads = ["predicted", "measured", "error", "of"];
  return `Held against what was not fitted\n${table(heads, rows)}`;
}

const partNames: Record<(typeof cpuParts)[number], string> = {
  door: "door: HTTP, frames (1 thread)",
  helpers: "main process's other threads",
  shards: "shard threads",
  nats: "nats-server",
  sink: "sink: rows of steps (1 thread)",
  clickhouse: "ClickHouse",
};

function costText({ cpu, settings }: Calibration): string {
  const mixed = mix(cpu.repeated, cpu.fresh, settings.repeatShare);
  const micros = (seconds: number): string => (seconds * 1e6).toFixed(2);
  const costs = [cpu.repeated, cpu.fresh, mixed];
  const rows = cpuParts
    .filter((part) => cpu.byThread || mixed[part] > 0)
    .map((part) => [partNames[part], ...costs.map((cost) => micros(cost[part]))]);
  rows.push(["all", ...costs.map((cost) => micros(total(cost)))]);
  const heads = ["CPU µs an alert", "repeated", "new", `${percent(settings.repeatShare)} repeats`];
  return table(heads, rows);
}

/** @param asked false: nobody named a rate, and the demand's is the most that is sustained. */
export function planText(plan: Plan, calibration: Calibration, asked: boolean): string {
  const { demand } = plan;
  const title = asked
    ? `For ${count(demand.alertsPerSecond)} alerts/s, `
    : `This machine, at ${count(demand.alertsPerSecond)} alerts/s, `;
  const terms =
    `${percent(demand.repeatShare)} of them repeats, ${count(demand.fingerprints)} active ` +
    `fingerprints, rows kept ${duration(demand.retentionMs)}, cores at most ` +
    `${percent(demand.utilisation)} busy`;
  return [
    `${title}${terms}\n${table(["need", "", "basis", "how"], needs(plan, calibration))}`,
    `What a node of ${demand.coresPerNode} cores sustains, the nearest limit first\n` +
      table(["limit", "alerts/s", "load", "headroom", "basis"], plan.limits.map(limitRow)),
    remarks(plan, calibration),
  ].join("\n");
}

function needs(plan: Plan, calibration: Calibration): string[][] {
  const { demand, disk, scaling } = plan;
  const { incidentsKeptMs } = calibration.limits;
  const sameSize = demand.coresPerNode === calibration.machine.cores;
  const scaled = sameSize ? "measured" : scaling.kind;
  const partitions = plan.partitionsPerNode > calibration.limits.partitions;
  const stored = (name: string, value: number, how: string, isMeasured = true): string[] => [
    `  ${name}`,
    bytes(value),
    isMeasured ? "measured" : "assumed",
    how,
  ];
  const rollups = calibration.disk.perRollup !== null;
  return [
    ["cores", count(plan.cores), scaled, `${plan.busyCores.toFixed(1)} busy on average`],
    [
      "nodes",
      `${plan.nodes} + 1`,
      scaled,
      `of ${demand.coresPerNode} cores; one more, so that one may fail`,
    ],
    [
      "shards a node",
      String(plan.shardsPerNode),
      "measured",
      `the busiest has ${percent(plan.busiestShardShare)} of the partitions`,
    ],
    [
      "partitions a node",
      String(plan.partitionsPerNode),
      "measured",
      partitions ? "set partitions.dedup and .incident before the first start" : "the default",
    ],
    [
      "memory a node",
      bytes(plan.memoryBytesPerNode),
      "measured",
      `${bytes(calibration.memory.perFingerprintBytes)} a fingerprint; 20 % of it left free`,
    ],
    [
      "disk a node",
      bytes(disk.bytesPerNode),
      rollups ? "measured" : "assumed",
      "20 % of it left free. In all nodes:",
    ],
    stored("input logs", disk.input, "until a snapshot covers them"),
    stored("step log", disk.steps, `kept ${duration(disk.stepsKeptMs)}`, rollups),
    stored("incident events", disk.incidents, `kept ${duration(incidentsKeptMs)}`, rollups),
    stored("snapshots, state", disk.buckets, "follow the fingerprints"),
    stored("ClickHouse", disk.clickhouse, `kept ${duration(demand.retentionMs)}`, rollups),
  ];
}

function limitRow({ name, perSecond, load, basis }: Limit): string[] {
  const headroom = load <= 1 ? `${signed(1 / Math.max(load, 1e-9) - 1)}` : "does not fit";
  return [name, count(perSecond), percent(load), headroom, basis];
}

function remarks(plan: Plan, calibration: Calibration): string {
  const { binding, disk, demand, scaling, nodes } = plan;
  const lines = [
    `Binding limit: ${binding.name}. While the logs have room, ${nodes} ` +
      `${nodes === 1 ? "node sustains" : "nodes sustain"} ${count(plan.sustainedPerSecond)} ` +
      `alerts/s at ${percent(demand.utilisation)}; ${count(plan.saturatedPerSecond)} saturate.`,
  ];
  const { stepsKeptMs, stepsBytesMax } = calibration.limits;
  if (disk.stepsKeptMs < stepsKeptMs) {
    lines.push(
      `The step log would reach back ${duration(disk.stepsKeptMs)} instead of ` +
        `${duration(stepsKeptMs)}, where half of its ${bytes(stepsBytesMax)} end.`,
    );
  }
  if (demand.nodesMax !== null && nodes > demand.nodesMax) {
    lines.push(`WARNING: ${nodes} nodes are needed, more than --nodes-max ${demand.nodesMax}.`);
  }
  if (demand.coresPerNode !== calibration.machine.cores && scaling.kind === "assumed") {
    lines.push(
      `Extrapolated: how ${demand.coresPerNode} cores compare with the measured ` +
        `${calibration.machine.cores} is assumed (contention ${scaling.usl.sigma}), since fewer ` +
        "than 3 core counts were measured.",
    );
  }
  if (calibration.disk.perRollup === null) {
    lines.push("Assumed: a roll-up of repeats takes the disk of a new alert; none was seen.");
  }
  if (nodes > 1) {
    lines.push("Assumed: each node is a Tocsin of its own, and senders are spread evenly.");
  }
  return `${lines.join("\n")}\n`;
}

const count = (value: number): string =>
  Number.isFinite(value) ? Math.round(value).toLocaleString("en-US") : "unlimited";
const figure = (value: number): string => (value < 1_000 ? value.toFixed(1) : count(value));
const percent = (share: number): string => {
  if (!Number.isFinite(share)) return "-";
  return `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
};
const signed = (share: number): string => `${share < 0 ? "-" : "+"}${percent(Math.abs(share))}`;
const small = (value: number): string => (value === 0 ? "0" : value.toPrecision(2));
const withError = (
  value: number,
  error: number | null,
  show: (value: number) => string,
): string => `${show(value)}${error === null ? "" : ` ± ${show(error)}`}`;

function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let scaled = value;
  let unit = 0;
  while (scaled >= 1_000 && unit < units.length - 1) {
    scaled /= 1_024;
    unit += 1;
  }
  return `${scaled.toFixed(unit === 0 || scaled >= 100 ? 0 : 1)} ${units[unit]}`;
}
