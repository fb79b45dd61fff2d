/** `tocsin why`: what made an incident, link by link, and where its trouble comes from. */
import type { IncidentEventKind, IncidentView } from "../../actors/incident/types.ts";
import type { TimelineEntry } from "../../runtime/services.ts";
import { apiOf } from "../api.ts";
import { paintFor, type Paint } from "../colours.ts";
import { EXIT } from "../command.ts";
import type { Io } from "../command.ts";
import { defineCommand, usageError } from "../define-command.ts";
import type { Flags } from "../define-command.ts";
import { findIncident, readTimeline } from "../incident-api.ts";
import { plain } from "../plain-text.ts";
import { table } from "../table.ts";

/** Events that say why something belongs to the incident, or why somebody was told. */
const links: ReadonlySet<IncidentEventKind> = new Set([
  ...(["opened", "reopened", "alertJoined", "merged", "rootMoved", "severityRaised"] as const),
  ...(["escalated", "notified", "resolved"] as const),
]);

const help = `tocsin why ID [options]

Shows why an incident is what it is: where its trouble comes from, and for each alert that
joined it, each incident that was merged into it and each person told, the reason. With many
of them the newest are shown; all are in tocsin.incident_events (tocsin sql).

  --json     {"incident", "root", "links"}
  --url URL  where Tocsin is (TOCSIN_URL, default http://127.0.0.1:9093)

Examples
  tocsin why inc-3-1a
  tocsin why 3-1a --json | jq -r '.links[].because'
`;

async function run(flags: Flags, io: Io): Promise<number> {
  const [id, ...more] = flags.positionals;
  if (id === undefined || more.length > 0) throw usageError("give the ID of one incident");
  const api = apiOf(flags, io);
  const incident = await findIncident(api, id);
  const timeline = await readTimeline(api, incident.id);
  const because = timeline.filter(({ event }) => links.has(event));
  if (flags.has("json")) {
    const { root } = incident;
    io.out(`${JSON.stringify({ incident: incident.id, root, links: because }, null, 2)}\n`);
    return EXIT.ok;
  }
  io.out(headText(incident, paintFor(io)) + linksText(because, paintFor(io)));
  return EXIT.ok;
}

function headText(incident: IncidentView, paint: Paint): string {
  const { id, title, root, service, fingerprint_count: alerts } = incident;
  const from = root === null ? "its first alert" : root.because;
  const many = alerts === 1 ? "1 alert" : `${alerts} distinct alerts`;
  return (
    `${paint("bold", plain(id))}  ${plain(title)}\n` +
    `  ${many}; the trouble comes from ${plain(root?.service ?? service)}: ${plain(from)}\n\n`
  );
}

function linksText(entries: TimelineEntry[], paint: Paint): string {
  const rows = entries.map(({ at, event, because, detail }) => [
    plain(at),
    plain(event),
    plain(String(detail["alertname"] ?? detail["receiver"] ?? detail["from"] ?? "")),
    plain(because),
  ]);
  return table(["AT", "WHAT", "ABOUT", "WHY"], rows, (cell, column, row) => {
    if (row < 0) return paint("dim", cell);
    return column === 1 ? paint("cyan", cell) : cell;
  });
}

export const command = defineCommand({
  name: "why",
  summary: "say why alerts are in one incident, and who was told",
  help,
  options: {},
  run,
});
