/** `tocsin silences`: what is silenced; making, previewing and ending silences. */
import { momentForm, parseMoment } from "../../runtime/config/moment.ts";
import { parseRecurrence } from "../../runtime/config/recurrence.ts";
import { labelsText } from "../../actors/dispatch/text.ts";
import { apiOf } from "../api.ts";
import { type Paint, paintFor } from "../colours.ts";
import { EXIT } from "../command.ts";
import type { Io } from "../command.ts";
import { CommandFailure, defineCommand, usageError } from "../define-command.ts";
import type { Flags } from "../define-command.ts";
import { readDuration, showDuration } from "../durations.ts";
import { plain } from "../plain-text.ts";
import {
  endSilence,
  listSilences,
  makeSilence,
  type Preview,
  previewSilence,
  readMatcherTexts,
  shownMatcher,
  shownMatcherText,
  shownRecurrence,
  type ShownSilence,
  type SilenceRequest,
} from "../silence-api.ts";
import { table } from "../table.ts";

const help = `tocsin silences [list] [MATCHER…] [--state STATES] [--by NAME]
tocsin silences add MATCHER… --comment TEXT [--for D | --until TIME] [options]
tocsin silences preview MATCHER…
tocsin silences expire ID…

Silences keep alerts that match from being told. A MATCHER is LABEL="VALUE", or with !=, =~ or !~;
all of a silence must hold. add first shows how many of the alerts that fire it mutes, and makes
it; preview only shows. A silence that would mute everything is refused without --force.

list shows those that are active or yet to come; a MATCHER chooses those that have it.

  --for D          how long, e.g. 2h or 3d (default 1h; needed with --recur)
  --until TIME     … or until when, e.g. 2026-03-02T18:00:00Z
  --start TIME     from when (default: now)
  --comment TEXT   why
  --by NAME        who makes it (default: $USER); list: only those made by NAME
  --recur TEXT     only at these hours of each day, or of some weekdays, until it ends:
                   "mon-fri,sun 22:00-06:00 Europe/Berlin"
  --force          make it even if it mutes everything
  --state STATES   list: some of active,pending,expired, or all (default active,pending)
  --json           as JSON
  --url URL        where Tocsin is (TOCSIN_URL, default http://127.0.0.1:9093)

Examples
  tocsin silences
  tocsin silences preview service=checkout 'severity=~"warning|info"'
  tocsin silences add service=checkout --for 2h --comment "new driver, ticket 4711"
  tocsin silences add team=batch --recur "daily 02:00-04:00 Europe/Berlin" --for 30d \\
    --comment "nightly jobs"
  tocsin silences expire 0b9f8a52-3c1d-4f7e-9a55-6d1f0f6f2b1c
`;

const states = ["active", "pending", "expired"] as const;
const hourMs = 3_600_000;
const longestMs = 10 * 365 * 24 * hourMs;

async function run(flags: Flags, io: Io): Promise<number> {
  const [action = "list", ...rest] = flags.positionals;
  switch (action) {
    case "list":
      return list(flags, io, rest);
    case "add":
    case "preview":
      return add(flags, io, rest, action === "preview");
    case "expire":
      return expire(flags, io, rest);
    default:
      throw usageError(`got "${plain(action)}", expected list, add, preview or expire`);
  }
}

async function list(flags: Flags, io: Io, texts: string[]): Promise<number> {
  readMatcherTexts(texts);
  const wanted = readStates(flags);
  const query = new URLSearchParams();
  for (const each of states) query.set(each, String(wanted.has(each)));
  for (const text of texts) query.append("filter", text);
  const all = await listSilences(apiOf(flags, io), query);
  const by = flags.text("by");
  const silences = all.filter(({ createdBy }) => by === null || createdBy === by);
  if (flags.has("json")) io.out(`${JSON.stringify(silences, null, 2)}\n`);
  else if (silences.length === 0) io.out("No silences.\n");
  else io.out(silenceTable(silences, paintFor(io), Date.now()));
  return EXIT.ok;
}

function readStates(flags: Flags): Set<string> {
  const names = (flags.text("state") ?? "active,pending").split(",");
  if (names.join() === "all") return new Set(states);
  const unknown = names.find((name) => !(states as readonly string[]).includes(name));
  if (unknown === undefined) return new Set(names);
  throw usageError(
    `--state: got "${plain(unknown)}", expected some of ${states.join(",")}, or all`,
  );
}

function silenceTable(silences: ShownSilence[], paint: Paint, nowMs: number): string {
  const rows = silences.map((silence) =>
    [
      silence.id,
      silence.status.state,
      timesText(silence, nowMs),
      silence.matchers.map(shownMatcherText).join(", "),
      silence.createdBy,
      silence.comment,
    ].map(plain),
  );
  const heads = ["ID", "STATE", "TIME", "MATCHERS", "BY", "COMMENT"];
  const colours = { active: "yellow", pending: "cyan", expired: "dim" } as const;
  return table(heads, rows, (cell, column, row) => {
    const state = silences[row]?.status.state;
    return column === 1 && state !== undefined ? paint(colours[state], cell) : cell;
  });
}

function timesText({ status, startsAt, endsAt, recurrence }: ShownSilence, nowMs: number): string {
  const [startMs, endMs] = [Date.parse(startsAt), Date.parse(endsAt)];
  const times = {
    active: `ends in ${showDuration(endMs - nowMs)}`,
    pending: `in ${showDuration(startMs - nowMs)}, for ${showDuration(endMs - startMs)}`,
    expired: `ended ${showDuration(nowMs - endMs)} ago`,
  };
  if (recurrence === undefined) return times[status.state];
  const { weekdays, from, to, location } = recurrence;
  const days = weekdays.length === 0 ? "daily" : weekdays.map((day) => day.slice(0, 3)).join(",");
  return `${times[status.state]}, ${days} ${from}-${to} ${location}`;
}

async function add(flags: Flags, io: Io, texts: string[], previewOnly: boolean): Promise<number> {
  const request = readRequest(flags, io, texts, previewOnly);
  const api = apiOf(flags, io);
  const preview = await previewSilence(api, request);
  const asJson = flags.has("json");
  if (previewOnly) {
    io.out(asJson ? `${JSON.stringify(preview)}\n` : previewText(preview));
    return EXIT.ok;
  }
  if (!asJson) io.err(previewText(preview));
  const isForced = flags.has("force");
  const id = await makeSilence(api, request, isForced).catch((error: unknown) => {
    const isRefused = error instanceof CommandFailure && preview.everything && !isForced;
    throw isRefused ? new CommandFailure(`${error.message} (here: --force)`) : error;
  });
  if (asJson) io.out(`${JSON.stringify({ silenceID: id, ...preview })}\n`);
  else {
    io.out(`${plain(id)}\n`);
    const leftMs = Date.parse(request.endsAt) - Date.now();
    const end = `it ends in ${showDuration(leftMs + 999)}`;
    io.err(`The silence is made; ${end}, or with: tocsin silences expire ${plain(id)}\n`);
  }
  return EXIT.ok;
}

function readRequest(flags: Flags, io: Io, texts: string[], isPreview: boolean): SilenceRequest {
  const matchers = readMatcherTexts(texts).map(shownMatcher);
  if (matchers.length === 0) throw usageError("which alerts? Give matchers such as service=web");
  const comment = flags.text("comment");
  if (comment === null && !isPreview) throw usageError("--comment is missing: why is it made?");
  const startMs = readTime(flags, "start") ?? Date.now();
  const recurText = flags.text("recur");
  const recurrence = recurText === null ? null : parseRecurrence(recurText);
  if (recurrence !== null && "problem" in recurrence) {
    throw usageError(`--recur: ${plain(recurrence.problem)}`);
  }
  const endMs = readEnd(flags, startMs);
  if (recurrence !== null && endMs === null && !isPreview) {
    throw usageError("--recur needs an end: --for 30d or --until TIME");
  }
  const request: SilenceRequest = {
    matchers,
    startsAt: new Date(startMs).toISOString(),
    endsAt: new Date(endMs ?? startMs + hourMs).toISOString(),
    createdBy: flags.text("by") ?? (io.env["USER"] || io.env["LOGNAME"] || "cli"),
    comment: comment ?? "",
  };
  if (recurrence !== null) request.recurrence = shownRecurrence(recurrence);
  return request;
}

function readEnd(flags: Flags, startMs: number): number | null {
  const length = flags.text("for");
  const untilMs = readTime(flags, "until");
  if (length !== null && untilMs !== null) throw usageError("--for and --until: give one of them");
  return length === null ? untilMs : startMs + readDuration("--for", length, longestMs);
}

function readTime(flags: Flags, name: string): number | null {
  const text = flags.text(name);
  const ms = text === null ? null : parseMoment(text);
  if (text === null || ms !== null) return ms;
  throw usageError(`--${name}: got "${plain(text)}", expected ${momentForm}`);
}

function previewText({ muted, of, everything, alerts }: Preview): string {
  const lines = [`It mutes ${muted} of the ${of} alerts that fire${muted === 0 ? "." : ":"}`];
  for (const labels of alerts) lines.push(`  ${plain(labelsText(labels))}`);
  const more = muted - alerts.length;
  if (more > 0 && alerts.length > 0) lines.push(`  and ${more} more`);
  if (everything) lines.push("It would mute everything that comes, too.");
  return lines.map((line) => `${line}\n`).join("");
}

async function expire(flags: Flags, io: Io, ids: string[]): Promise<number> {
  if (ids.length === 0) throw usageError("which silence? Give its ID; see: tocsin silences list");
  const api = apiOf(flags, io);
  const ended: { id: string; found: boolean }[] = [];
  for (const id of ids) {
    const found = await endSilence(api, id);
    ended.push({ id, found });
    if (flags.has("json")) continue;
    if (found) io.out(`${plain(id)} has ended\n`);
    else io.err(`tocsin silences: there is no silence ${plain(id)}; see: tocsin silences list\n`);
  }
  if (flags.has("json")) io.out(`${JSON.stringify(ended)}\n`);
  return ended.every(({ found }) => found) ? EXIT.ok : EXIT.failed;
}

export const command = defineCommand({
  name: "silences",
  summary: "list, preview, make and end silences",
  help,
  options: {
    ...{ for: "text", until: "text", start: "text", comment: "text", by: "text" },
    ...{ recur: "text", force: "switch", state: "text" },
  },
  run,
});
