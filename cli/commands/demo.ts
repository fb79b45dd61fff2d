/** `tocsin demo`: plays a storm of a platform that serves language models, with its truth. */
import { stormKinds } from "../../runtime/storm/cause.ts";
import type { StormKind } from "../../runtime/storm/cause.ts";
import { alertsPerPostMax } from "../alert-post.ts";
import { apiOf } from "../api.ts";
import { EXIT } from "../command.ts";
import type { Io } from "../command.ts";
import { defineCommand, usageError } from "../define-command.ts";
import type { Flags } from "../define-command.ts";
import { Player } from "../demo/player.ts";
import { storm } from "../demo/storm.ts";
import type { StormOptions, TimedAlert } from "../demo/storm.ts";
import { Truth } from "../demo/truth.ts";
import { readDuration } from "../durations.ts";
import { plain } from "../plain-text.ts";

const rateDefault = 50;
const rateMax = 50_000;
const durationDefault = "60s";
const durationMaxMs = 24 * 3_600_000;
const seedDefault = 1;

const help = `tocsin demo [options]

Plays a storm of a platform that serves language models: a GPU out of memory and everything that
depends on it, a provider's rate limits, a lost region, a flapping host, and quiet noise. Alerts
repeat every few seconds, change and end; some come late, some never. They are sent at the given
rate whatever the server does; the same seed plays the same storm.

  --rate N         alerts a second (default ${rateDefault}, up to ${rateMax})
  --duration D     how long (default ${durationDefault}, up to 1d)
  --seed N         which storm (default ${seedDefault})
  --kind KIND      one kind of storm with some noise (default: all that the rate has room for):
${kindLines()}
  --truth FILE     write which alert belongs to which cause, one JSON object a line
  --dry-run        print the alerts, one JSON object a line, and send nothing
  --json           the summary as JSON
  --url URL        where Tocsin is (TOCSIN_URL, default http://127.0.0.1:9093)

Examples
  tocsin demo
  tocsin demo --rate 1000 --duration 5m --seed 7 --truth truth.ndjson
  tocsin demo --kind two_at_once --seed 3
  tocsin demo --dry-run --duration 10s > alerts.ndjson
`;

async function run(flags: Flags, io: Io): Promise<number> {
  if (flags.positionals.length > 0) {
    throw usageError(`got "${plain(flags.positionals[0] ?? "")}", expected options only`);
  }
  const seed = flags.number("seed", 0, 2 ** 32 - 1, seedDefault);
  const duration = flags.text("duration") ?? durationDefault;
  const options: StormOptions = {
    kind: kindOf(flags.text("kind")),
    alertsPerSecond: flags.number("rate", 1, rateMax, rateDefault),
    durationMs: readDuration("--duration", duration, durationMaxMs),
  };
  const truth = await Truth.open(flags.text("truth"));
  const startMs = Date.now();
  if (flags.has("dry-run")) {
    for (const alert of storm(seed, options)) {
      await truth.note(alert);
      io.out(`${alertJson(alert, startMs)}\n`);
    }
    await truth.close();
    return EXIT.ok;
  }
  const player = new Player(apiOf(flags, io), io.interrupted?.() ?? null);
  if (!flags.has("json")) {
    const { alertsPerSecond, durationMs } = options;
    io.err(`Playing storm ${seed}: ${alertsPerSecond} alerts/s for ${durationMs / 1000} s\n`);
  }
  const progress = io.isTty ? (text: string) => io.err(`\r${text} `) : null;
  const tally = await player.play(batches(seed, options, startMs, truth), startMs, progress);
  await truth.close();
  report({ ...tally, seed, ...truth.counts(), elapsed_ms: Date.now() - startMs }, flags, io);
  return tally.accepted > 0 && tally.failed === 0 ? EXIT.ok : EXIT.failed;
}

/** Of the help, three to a line. */
function kindLines(): string {
  const lines: string[] = [];
  for (let from = 0; from < stormKinds.length; from += 3) {
    lines.push(`                     ${stormKinds.slice(from, from + 3).join(", ")}`);
  }
  return lines.join(",\n");
}

function kindOf(text: string | null): StormKind | null {
  if (text === null) return null;
  const kind = stormKinds.find((one) => one === text);
  if (kind !== undefined) return kind;
  throw usageError(`--kind: got "${plain(text)}", expected one of ${stormKinds.join(", ")}`);
}

/** The storm in requests: what is due in one short interval, or as much as one may hold. */
async function* batches(
  seed: number,
  options: StormOptions,
  startMs: number,
  truth: Truth,
): AsyncGenerator<{ dueMs: number; alerts: string[] }> {
  const intervalMs = 50;
  let alerts: string[] = [];
  let firstMs = 0;
  let lastMs = 0;
  for (const alert of storm(seed, options)) {
    const full = alerts.length === alertsPerPostMax || alert.atMs - firstMs >= intervalMs;
    if (alerts.length > 0 && full) {
      yield { dueMs: startMs + lastMs, alerts };
      alerts = [];
    }
    if (alerts.length === 0) firstMs = alert.atMs;
    lastMs = alert.atMs;
    alerts.push(alertJson(alert, startMs));
    await truth.note(alert);
  }
  if (alerts.length > 0) yield { dueMs: startMs + lastMs, alerts };
}

/** After this time without a repeat an alert is over, in case its end was never accepted. */
const validMs = 120_000;

function alertJson(alert: TimedAlert, startMs: number): string {
  const time = (ms: number): string => new Date(startMs + ms).toISOString();
  return JSON.stringify({
    labels: alert.labels,
    annotations: alert.annotations,
    startsAt: time(alert.startsAtMs),
    endsAt: time(alert.endsAtMs ?? alert.atMs + validMs),
    generatorURL: "http://demo.invalid/storm",
  });
}

type Report = {
  seed: number;
  sent: number;
  accepted: number;
  failed: number;
  reason: string | null;
  alerts_distinct: number;
  true_causes: number;
  of_them_noise: number;
  elapsed_ms: number;
};

function report(summary: Report, flags: Flags, io: Io): void {
  if (flags.has("json")) {
    io.out(`${JSON.stringify(summary)}\n`);
    return;
  }
  if (io.isTty) io.err("\n");
  const { sent, accepted, failed, reason, elapsed_ms } = summary;
  if (reason !== null) io.err(`failed: ${plain(reason)}\n`);
  io.out(
    `sent ${sent} alerts in ${(elapsed_ms / 1000).toFixed(1)} s: accepted ${accepted}, ` +
      `failed ${failed}; ${summary.alerts_distinct} distinct alerts of ` +
      `${summary.true_causes} true causes (${summary.of_them_noise} of them background noise)\n`,
  );
}

export const command = defineCommand({
  name: "demo",
  summary: "play a storm of alerts, with its truth",
  help,
  options: {
    rate: "text",
    duration: "text",
    seed: "text",
    kind: "text",
    truth: "text",
    "dry-run": "switch",
  },
  run,
});
