/** `tocsin tail`: prints what happens to incidents, as it happens. */
import { setTimeout as sleep } from "node:timers/promises";
import type { IncidentEvent } from "../../actors/incident/types.ts";
import { token } from "../../streams/subjects.ts";
import { apiOf } from "../api.ts";
import type { Api } from "../api.ts";
import { paintFor, severityColour } from "../colours.ts";
import type { Paint } from "../colours.ts";
import { EXIT } from "../command.ts";
import type { Io } from "../command.ts";
import { CommandFailure, defineCommand, usageError } from "../define-command.ts";
import type { Flags } from "../define-command.ts";
import { readDuration } from "../durations.ts";
import { followIncidents } from "../incident-stream.ts";
import type { Beginning } from "../incident-stream.ts";
import { plain } from "../plain-text.ts";

const sinceMaxMs = 365 * 86_400_000;
const backoffFirstMs = 250;
const backoffMaxMs = 5_000;

const help = `tocsin tail [options]

Prints each event of each incident as it happens, from NATS, until Ctrl-C. It reconnects by
itself and then goes on where it was.

  --since D       begin with the events of the last D (e.g. 10m)
  --tenant T      only this tenant
  --severity S    only incidents of this severity
  --service S     only this service
  --event E       only this event: opened, acknowledged, escalated, resolved, …
  --nats URL      the NATS server; without it, Tocsin is asked for it
  --json          each event as its CloudEvent, one a line
  --url URL       where Tocsin is (TOCSIN_URL, default http://127.0.0.1:9093)

Examples
  tocsin tail
  tocsin tail --severity critical --since 1h
  tocsin tail --json | jq -r .type
`;

async function run(flags: Flags, io: Io): Promise<number> {
  if (flags.positionals.length > 0) {
    throw usageError(`got "${plain(flags.positionals[0] ?? "")}", expected options only`);
  }
  const since = flags.text("since");
  let from: Beginning =
    since === null
      ? { kind: "new" }
      : { kind: "since", atMs: Date.now() - readDuration("--since", since, sinceMaxMs) };
  const signal = io.interrupted?.() ?? new AbortController().signal;
  const api = apiOf(flags, io);
  const subject = subjectOf(flags);
  const paint = paintFor(io);
  let url = await natsUrl(flags, api);
  let backoffMs = backoffFirstMs;
  while (!signal.aborted) {
    let why = "the connection ended";
    try {
      await followIncidents(
        { url, subject, from, signal },
        () => {
          backoffMs = backoffFirstMs;
          io.err(`Listening to ${subject} on ${plain(url)}; Ctrl-C ends\n`);
        },
        (seq, data) => {
          from = { kind: "after", seq };
          io.out(flags.has("json") ? jsonLine(data) : eventLine(data, paint));
        },
      );
    } catch (error) {
      why = error instanceof Error ? error.message : String(error);
    }
    if (signal.aborted) break;
    io.err(`${plain(why)} (${plain(url)}); trying again\n`);
    await sleep(backoffMs, undefined, { signal }).catch(() => {});
    backoffMs = Math.min(backoffMs * 2, backoffMaxMs);
    // Tocsin may have come back with its NATS server elsewhere.
    url = await natsUrl(flags, api).catch(() => url);
  }
  return EXIT.ok;
}

async function natsUrl(flags: Flags, api: Api): Promise<string> {
  const given = flags.text("nats");
  if (given !== null) return given;
  const status = (await api.call({ method: "GET", path: "/v1/status" })) as {
    nats?: { url?: string };
  };
  if (typeof status.nats?.url === "string") return status.nats.url;
  throw new CommandFailure(`${api.baseUrl} does not say where NATS is; give it with --nats URL`);
}

/** The subject filter of `incidents.<tenant>.<severity>.<service>.<event>`. */
function subjectOf(flags: Flags): string {
  const tokens = ["tenant", "severity", "service", "event"].map((name) => {
    const value = flags.text(name);
    return value === null ? "*" : token(value);
  });
  return tokens.every((part) => part === "*") ? "incidents.>" : `incidents.${tokens.join(".")}`;
}

function jsonLine(data: Uint8Array): string {
  const text = new TextDecoder().decode(data);
  try {
    return `${JSON.stringify(JSON.parse(text))}\n`;
  } catch {
    return `${JSON.stringify({ undecodable: text })}\n`;
  }
}

/** `08:15:00 inc-3-1a  critical  checkout  opened  title: because (by)`. */
function eventLine(data: Uint8Array, paint: Paint): string {
  let event: { type?: string; time?: string; data?: Partial<IncidentEvent> };
  try {
    event = JSON.parse(new TextDecoder().decode(data)) as typeof event;
  } catch {
    return "an event that is not JSON\n";
  }
  const incident = event.data?.incident;
  const kind = (event.type ?? "").replace(/^io\.tocsin\.incident\./, "");
  const severity = plain(incident?.severity ?? "-");
  const parts = [
    paint("dim", plain((event.time ?? "").slice(11, 19))),
    plain(incident?.id ?? "-").padEnd(12),
    paint("cyan", plain(kind).padEnd(14)),
    paint(severityColour(severity), severity.padEnd(8)),
    plain(incident?.service ?? "-"),
    `${plain(incident?.title ?? "")}: ${plain(event.data?.because ?? "")}`,
    `(${plain(event.data?.by ?? "-")})`,
  ];
  return `${parts.join("  ")}\n`;
}

export const command = defineCommand({
  name: "tail",
  summary: "print what happens to incidents, live",
  help,
  options: {
    since: "text",
    tenant: "text",
    severity: "text",
    service: "text",
    event: "text",
    nats: "text",
  },
  run,
});
