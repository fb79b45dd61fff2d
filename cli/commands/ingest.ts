/** `tocsin ingest test`: the alerts that a source's rules make of a body, without sending any. */
import { readFileSync } from "node:fs";
import { severityOf } from "../../actors/incident/severity.ts";
import { findFault } from "../../ingress/alert-check.ts";
import { fingerprintOfAlert } from "../../ingress/senders/recent-alerts.ts";
import { readJson, readJsonObject } from "../../ingress/senders/json-body.ts";
import { decodeMapped } from "../../ingress/senders/mapped-alerts.ts";
import type { Decoded, SentAlert } from "../../ingress/senders/sender.ts";
import { decodeWebhook } from "../../ingress/senders/webhook-alerts.ts";
import { loadConfig, shippedConfigFile } from "../../runtime/config/load.ts";
import { ConfigError } from "../../runtime/config/problems.ts";
import type { SourceMapping } from "../../runtime/config/sources.ts";
import { hint } from "../../runtime/config/value.ts";
import { EXIT } from "../command.ts";
import type { Io } from "../command.ts";
import { CommandFailure, defineCommand, usageError } from "../define-command.ts";
import type { Flags } from "../define-command.ts";
import { plain } from "../plain-text.ts";

const bodyBytesMax = 16 * 1024 * 1024;
const anyone = { tenant: null, service: null };
const webhooks = ["alertmanager", "grafana"] as const;

const help = `tocsin ingest test --source NAME FILE [options]

Shows the alerts that POST /v1/ingest/NAME would make of a body, and what it would refuse and
why. Nothing is sent. Exit code 1 when something is refused.

FILE holds the JSON of one request; - is standard input. NAME is a source of the configuration,
or alertmanager or grafana.

  --source NAME  whose rules are tried
  --config FILE  where the source is (TOCSIN_CONFIG; default config/tocsin.yaml)
  --json         {"alerts":[…],"rejected":[{"index","reason","field","value"}]}
  --url URL      not used here

Examples
  tocsin ingest test --source zabbix event.json --config config/sources.yaml
  curl -s https://example.com/last-event | tocsin ingest test --source my-monitor - --json
`;

async function run(flags: Flags, io: Io): Promise<number> {
  const [verb, file, ...rest] = flags.positionals;
  const name = flags.text("source");
  if (verb !== "test") throw usageError(`got "${verb ?? ""}", expected test`);
  if (name === null) throw usageError("--source NAME is missing");
  if (file === undefined || rest.length > 0) throw usageError("expected one FILE (or -)");
  const body = await readBody(file, io);
  const decoded = checked(decode(name, body, flags, io));
  if (flags.has("json")) {
    const { alerts, refused: rejected } = decoded;
    io.out(`${JSON.stringify({ alerts, rejected }, null, 2)}\n`);
  } else print(decoded, io);
  return decoded.refused.length === 0 ? EXIT.ok : EXIT.failed;
}

async function readBody(file: string, io: Io): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  if (file !== "-") {
    try {
      chunks.push(readFileSync(file));
    } catch (error) {
      throw new CommandFailure(`cannot read ${plain(file)}: ${(error as Error).message}`);
    }
  } else for await (const chunk of io.input ?? []) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  if (body.length <= bodyBytesMax) return body;
  throw new CommandFailure(`the body has ${body.length} bytes, expected at most ${bodyBytesMax}`);
}

function decode(name: string, body: Buffer, flags: Flags, io: Io): Decoded {
  const flavour = webhooks.find((known) => known === name);
  const nowMs = Date.now();
  if (flavour !== undefined) {
    const read = readJsonObject(body);
    if (read.kind === "refused") throw new CommandFailure(read.why);
    return orFail(decodeWebhook(read.object, flavour, anyone, nowMs));
  }
  const source = findSource(name, flags, io);
  const read = readJson(body);
  if (read.kind === "refused") throw new CommandFailure(read.why);
  return orFail(decodeMapped(read.value, source, anyone, nowMs));
}

function orFail(decoded: Decoded | string): Decoded {
  if (typeof decoded === "string") throw new CommandFailure(decoded);
  return decoded;
}

function findSource(name: string, flags: Flags, io: Io): SourceMapping {
  const file = flags.text("config") ?? io.env["TOCSIN_CONFIG"] ?? shippedConfigFile;
  const sources = sourcesOf(file);
  const found = sources.find((source) => source.name === name);
  if (found !== undefined) return found;
  const names = sources.map((source) => source.name);
  const known = names.length === 0 ? "there is none" : `there is ${names.join(", ")}`;
  const near = hint(name, [...names, ...webhooks]);
  throw new CommandFailure(`no source "${plain(name)}" in ${plain(file)}: ${known}${near}`);
}

function sourcesOf(file: string): readonly SourceMapping[] {
  try {
    return loadConfig(file).sources;
  } catch (error) {
    if (error instanceof ConfigError) throw new CommandFailure(plain(error.message));
    throw error;
  }
}

/** What the intake itself would refuse, too. */
function checked(decoded: Decoded): Decoded {
  const result: Decoded = { alerts: [], places: [], refused: [...decoded.refused] };
  decoded.alerts.forEach((alert, at) => {
    const place = decoded.places[at] ?? at;
    const fault = findFault(alert);
    if (fault !== null) result.refused.push({ index: place, ...fault });
    else {
      result.alerts.push(alert);
      result.places.push(place);
    }
  });
  result.refused.sort((a, b) => a.index - b.index);
  return result;
}

function print({ alerts, places, refused }: Decoded, io: Io): void {
  alerts.forEach((alert, at) => io.out(alertText(alert, places[at] ?? at)));
  for (const { index, field, value, reason } of refused) {
    const got = value === "" ? "" : ` (got ${value})`;
    io.out(plain(`item ${index}: refused: ${field}: ${reason}${got}`) + "\n");
  }
  const count = alerts.length === 1 ? "1 alert" : `${alerts.length} alerts`;
  io.out(`${count}, ${refused.length} refused; nothing was sent\n`);
}

function alertText(alert: SentAlert, place: number): string {
  const { labels, annotations = {}, startsAt, endsAt, dedup_key, generatorURL } = alert;
  const isOver = endsAt !== undefined && Date.parse(endsAt) <= Date.now();
  const identity = dedup_key === undefined ? "its labels" : `dedup_key ${dedup_key}`;
  const lines = [
    `item ${place}: ${isOver ? "resolved" : "fires"}, ${severityOf(labels["severity"] ?? "")}`,
    `  identity     ${identity} (${fingerprintOfAlert(alert)})`,
    ...Object.entries(labels).map(([name, value]) => `  label        ${name}=${value}`),
    ...Object.entries(annotations).map(([name, value]) => `  annotation   ${name}=${value}`),
    `  starts       ${startsAt ?? "with its receipt"}`,
    `  ends         ${endsAt ?? "when it is not repeated (ingest.resolve_timeout)"}`,
    ...(generatorURL === undefined ? [] : [`  generatorURL ${generatorURL}`]),
  ];
  return lines.map((line) => `${plain(line)}\n`).join("");
}

export const command = defineCommand({
  name: "ingest",
  summary: "test: the alerts that a source's rules make of a body, without sending them",
  help,
  options: { source: "text", config: "text" },
  run,
});
