/** `tocsin send`: one alert from the command line, or many from a file or a pipe. */
import { createReadStream } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { alertsPerPostMax, postAlerts } from "../alert-post.ts";
import type { PostResult } from "../alert-post.ts";
import { readAlerts } from "../alert-source.ts";
import type { SourceItem } from "../alert-source.ts";
import { apiOf } from "../api.ts";
import type { Api } from "../api.ts";
import { EXIT } from "../command.ts";
import type { Io } from "../command.ts";
import { CommandFailure, defineCommand, usageError } from "../define-command.ts";
import type { Flags } from "../define-command.ts";
import { readDuration } from "../durations.ts";
import { plain } from "../plain-text.ts";

const postCharsMax = 4 * 1024 * 1024;
/** Tries of one batch, the first included, while the server is busy or away. */
const triesMax = 10;
const forMaxMs = 30 * 86_400_000;
const shownRejectionsMax = 10;
const reconnectWaitMs = 1_000;

const help = `tocsin send LABEL=VALUE… [options]
tocsin send --file FILE

Sends one alert, described by its labels, or all alerts of a file. It ends well only when
every alert was accepted, which means stored durably.

  --annotation NAME=TEXT  an annotation, e.g. summary; may be repeated
  --resolve               the alert is over (the same labels, or the same key, as before)
  --for DURATION          the alert fires now and ends by itself after DURATION
  --dedup-key KEY         the alert's identity, instead of its labels
  --generator-url URL     where the alert comes from
  --file FILE             a JSON array, one object, or one object a line; "-": standard input
  --json                  the summary as JSON
  --url URL               where Tocsin is (TOCSIN_URL, default http://127.0.0.1:9093)

Examples
  tocsin send alertname=HighLatency service=checkout severity=critical \\
    --annotation summary="p99 above 4 s"
  tocsin send alertname=HighLatency service=checkout severity=critical --resolve
  tocsin send --file alerts.ndjson
  kubectl get alerts -o json | jq '.items' | tocsin send --file -
`;

type Tally = {
  accepted: number;
  rejected: { place: string; reason: string }[];
  rejectedCount: number;
  requests: number;
  retries: number;
};

async function run(flags: Flags, io: Io): Promise<number> {
  const api = apiOf(flags, io);
  const tally: Tally = { accepted: 0, rejected: [], rejectedCount: 0, requests: 0, retries: 0 };
  const startedMs = Date.now();
  const file = flags.text("file");
  const source = file === null ? [oneAlert(flags, startedMs)] : fromFile(file, flags, io);
  let batch: { json: string; place: string }[] = [];
  let chars = 0;
  const flush = async (): Promise<void> => {
    await post(api, batch, tally, io);
    batch = [];
    chars = 0;
    if (io.isTty && Date.now() - startedMs > 1_000) io.err(`\r${tally.accepted} accepted `);
  };
  let position = 0;
  for await (const item of source) {
    position += 1;
    if (item.kind === "bad") {
      reject(tally, item.place, item.reason);
      continue;
    }
    if (chars + item.json.length > postCharsMax && batch.length > 0) await flush();
    batch.push({ json: item.json, place: `alert ${position}` });
    chars += item.json.length;
    if (batch.length === alertsPerPostMax) await flush();
  }
  if (batch.length > 0) await flush();
  summarise(tally, Date.now() - startedMs, flags, io);
  return tally.rejectedCount === 0 ? EXIT.ok : EXIT.failed;
}

/** Sends one batch, again and again while the server is busy, up to triesMax. */
async function post(
  api: Api,
  batch: { json: string; place: string }[],
  tally: Tally,
  io: Io,
): Promise<void> {
  const alerts = batch.map(({ json }) => json);
  for (let tries = 1; ; tries++) {
    let result: PostResult;
    try {
      result = await postAlerts(api, alerts);
    } catch (error) {
      // Only a server that answered before is worth waiting for.
      if (!(error instanceof CommandFailure) || tally.accepted === 0) throw error;
      result = { kind: "busy", retryAfterMs: reconnectWaitMs, reason: error.message };
    }
    tally.requests += 1;
    if (result.kind === "answered") {
      tally.accepted += result.accepted;
      for (const { index, reason } of result.rejected) {
        reject(tally, batch[index]?.place ?? "an alert", reason);
      }
      return;
    }
    if (tries === triesMax) {
      throw new CommandFailure(
        `gave up after ${triesMax} tries: ${result.reason}. ${tally.accepted} alerts were ` +
          "accepted before; sending all of them again does no harm.",
      );
    }
    if (tries === 1) io.err(`waiting: ${result.reason}\n`);
    tally.retries += 1;
    await sleep(result.retryAfterMs);
  }
}

function reject(tally: Tally, place: string, reason: string): void {
  tally.rejectedCount += 1;
  if (tally.rejected.length < shownRejectionsMax) tally.rejected.push({ place, reason });
}

function summarise(tally: Tally, elapsedMs: number, flags: Flags, io: Io): void {
  const { accepted, rejected, rejectedCount, requests, retries } = tally;
  if (flags.has("json")) {
    const summary = { accepted, rejected: rejectedCount, reasons: rejected, requests, retries };
    io.out(`${JSON.stringify({ ...summary, elapsed_ms: elapsedMs })}\n`);
    return;
  }
  for (const { place, reason } of rejected) io.err(`rejected: ${place}: ${plain(reason)}\n`);
  if (rejectedCount > rejected.length) {
    io.err(`rejected: ${rejectedCount - rejected.length} more\n`);
  }
  const many = accepted === 1 ? "1 alert" : `${accepted} alerts`;
  const tail = rejectedCount === 0 ? "" : `, rejected ${rejectedCount}`;
  io.out(`accepted ${many}${tail} in ${(elapsedMs / 1000).toFixed(1)} s\n`);
}

function oneAlert(flags: Flags, nowMs: number): SourceItem {
  if (flags.positionals.length === 0) {
    throw usageError("give the alert's labels as NAME=VALUE, or --file FILE");
  }
  const duration = flags.text("for");
  if (duration !== null && flags.has("resolve")) {
    throw usageError("--for and --resolve exclude each other");
  }
  const alert: Record<string, unknown> = {
    labels: pairs(flags.positionals, "a label"),
    annotations: pairs(flags.texts("annotation"), "--annotation"),
  };
  const atTime = (ms: number): string => new Date(ms).toISOString();
  if (flags.has("resolve")) alert["endsAt"] = atTime(nowMs);
  if (duration !== null) {
    alert["startsAt"] = atTime(nowMs);
    alert["endsAt"] = atTime(nowMs + readDuration("--for", duration, forMaxMs));
  }
  const url = flags.text("generator-url");
  if (url !== null) alert["generatorURL"] = url;
  const key = flags.text("dedup-key");
  if (key !== null) alert["dedup_key"] = key;
  return { kind: "alert", json: JSON.stringify(alert) };
}

function pairs(texts: string[], what: string): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf("=");
      if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
      throw usageError(`${what}: got "${plain(text)}", expected NAME=VALUE`);
    }),
  );
}

async function* fromFile(file: string, flags: Flags, io: Io): AsyncGenerator<SourceItem> {
  const single = ["annotation", "resolve", "for", "dedup-key", "generator-url"];
  if (flags.positionals.length > 0 || single.some((name) => flags.has(name))) {
    throw usageError("--file takes alerts as they are; leave out labels and other options");
  }
  if (file === "-") {
    if (io.input === undefined) throw usageError("there is no standard input");
    yield* readAlerts(io.input, "standard input");
    return;
  }
  try {
    yield* readAlerts(createReadStream(file), plain(file));
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(`cannot read ${plain(file)}: ${why}`);
  }
}

export const command = defineCommand({
  name: "send",
  summary: "send one alert, or many from a file",
  help,
  options: {
    annotation: "texts",
    resolve: "switch",
    for: "text",
    "dedup-key": "text",
    "generator-url": "text",
    file: "text",
  },
  run,
});
