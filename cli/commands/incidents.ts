/** `tocsin incidents`: the list, or one incident with its timeline. */
import { apiOf } from "../api.ts";
import { paintFor } from "../colours.ts";
import { EXIT } from "../command.ts";
import type { Io } from "../command.ts";
import { defineCommand, usageError } from "../define-command.ts";
import type { Flags } from "../define-command.ts";
import { findIncident, listIncidents, readTimeline } from "../incident-api.ts";
import { incidentDetails, incidentTable, timelineText } from "../incident-text.ts";
import { plain } from "../plain-text.ts";

const limitDefault = 50;
const limitMax = 10_000;

const help = `tocsin incidents [ID] [options]

Lists incidents, newest first; with an ID (or the beginning of one) shows that incident and
its timeline.

  --status S     open (default), triggered, acknowledged, investigating, identified,
                 resolved, closed, merged or all; several with commas
  --severity S   critical, high, medium, low, info; several with commas
  --service S    only incidents of this service; may be repeated
  --tenant T     only incidents of this tenant; may be repeated
  --search TEXT  only incidents whose title contains TEXT
  --since T      only incidents created at or after T (RFC 3339)
  --limit N      at most N incidents (default ${limitDefault}, up to ${limitMax})
  --cursor C     go on after an earlier list
  --json         the API's JSON
  --url URL      where Tocsin is (TOCSIN_URL, default http://127.0.0.1:9093)

Examples
  tocsin incidents
  tocsin incidents --status all --severity critical,high
  tocsin incidents inc-3-1a
  tocsin incidents --json | jq -r '.items[].id'
`;

async function run(flags: Flags, io: Io): Promise<number> {
  const [id, ...more] = flags.positionals;
  if (more.length > 0) throw usageError("give one ID, or none for the list");
  return id === undefined ? list(flags, io) : show(id, flags, io);
}

async function list(flags: Flags, io: Io): Promise<number> {
  const query = new URLSearchParams();
  const statuses = flags.texts("status");
  for (const status of statuses.length > 0 ? statuses : ["open"]) query.append("status", status);
  for (const name of ["severity", "service", "tenant"]) {
    for (const value of flags.texts(name)) query.append(name, value);
  }
  const single = [
    ["q", "search"],
    ["created_after", "since"],
  ] as const;
  for (const [parameter, flag] of single) {
    const value = flags.text(flag);
    if (value !== null) query.set(parameter, value);
  }
  const limit = flags.number("limit", 1, limitMax, limitDefault);
  const page = await listIncidents(apiOf(flags, io), query, limit, flags.text("cursor"));
  if (flags.has("json")) {
    io.out(`${JSON.stringify(page, null, 2)}\n`);
    return EXIT.ok;
  }
  if (page.items.length === 0) {
    const hint = statuses.length === 0 ? " Past ones: tocsin incidents --status all" : "";
    io.out(`No incidents${statuses.length === 0 ? " are open" : " match"}.${hint}\n`);
    return EXIT.ok;
  }
  io.out(incidentTable(page.items, Date.now(), paintFor(io)));
  if (page.next_cursor !== null) {
    io.err(`There are more: repeat with --cursor ${plain(page.next_cursor)} or a larger --limit\n`);
  }
  return EXIT.ok;
}

async function show(id: string, flags: Flags, io: Io): Promise<number> {
  const api = apiOf(flags, io);
  const incident = await findIncident(api, id);
  const timeline = await readTimeline(api, incident.id);
  if (flags.has("json")) {
    io.out(`${JSON.stringify({ incident, timeline }, null, 2)}\n`);
    return EXIT.ok;
  }
  const paint = paintFor(io);
  io.out(incidentDetails(incident, Date.now(), paint) + timelineText(timeline, paint));
  return EXIT.ok;
}

export const command = defineCommand({
  name: "incidents",
  summary: "list incidents, or show one with its timeline",
  help,
  options: {
    status: "texts",
    severity: "texts",
    service: "texts",
    tenant: "texts",
    search: "text",
    since: "text",
    limit: "text",
    cursor: "text",
  },
  run,
});
