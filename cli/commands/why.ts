/** `tocsin why`: what made an incident, link by link, and where its trouble comes from. */
import type {
  IncidentEventKind,
  IncidentMember,
  IncidentView,
  MemberLink,
} from "../../actors/incident/types.ts";
import type { TimelineEntry } from "../../runtime/services.ts";
import { apiOf } from "../api.ts";
import { paintFor, type Paint } from "../colours.ts";
import { EXIT } from "../command.ts";
import type { Io } from "../command.ts";
import { defineCommand, usageError } from "../define-command.ts";
import type { Flags } from "../define-command.ts";
import { findIncident, readMembers, readTimeline } from "../incident-api.ts";
import { plain } from "../plain-text.ts";
import { scoreText } from "../severity-text.ts";
import { table } from "../table.ts";

/** Events that say why something belongs to the incident, or why somebody was told. */
const links: ReadonlySet<IncidentEventKind> = new Set([
  ...(["opened", "reopened", "alertJoined", "alertsMoved", "merged", "splitOff"] as const),
  ...(["rootMoved", "severityRaised", "severityLowered", "escalated", "notified"] as const),
  "resolved",
]);

/** Alerts that a terminal shows. */
const membersMax = 50;

const help = `tocsin why ID [options]

Shows why an incident is what it is: where its trouble comes from, for each of its alerts the
evidence that put it here and what that weighs (1 is enough), and for each incident that was
merged into it and each person told, the reason. With many of them the first alerts and the newest
events are shown; all are in tocsin.incident_events (tocsin sql). What does not belong here is
taken out with \`tocsin split\`. Its severity is shown term by term, where scores are computed
(docs/severity.md).

  --json     {"incident", "root", "score", "severity", "severity_score", "severity_set", "members",
             "links"}
  --url URL  where Tocsin is (TOCSIN_URL, default http://127.0.0.1:9093)

Examples
  tocsin why inc-3-1a
  tocsin why 3-1a --json | jq -r '.links[].because'
  tocsin why 3-1a --json | jq '.members[] | select(.link.score < 1.2)'
`;

async function run(flags: Flags, io: Io): Promise<number> {
  const [id, ...more] = flags.positionals;
  if (id === undefined || more.length > 0) throw usageError("give the ID of one incident");
  const api = apiOf(flags, io);
  const incident = await findIncident(api, id);
  const timeline = await readTimeline(api, incident.id);
  const members = await readMembers(api, incident.id);
  const because = timeline.filter(({ event }) => links.has(event));
  if (flags.has("json")) {
    const { root, score, severity, severity_score, severity_set } = incident;
    const shown = { incident: incident.id, root, score, severity, severity_score, severity_set };
    io.out(`${JSON.stringify({ ...shown, members, links: because }, null, 2)}\n`);
    return EXIT.ok;
  }
  const paint = paintFor(io);
  io.out(headText(incident, paint) + severityText(incident, paint));
  io.out(membersText(incident, members, paint) + linksText(because, paint));
  return EXIT.ok;
}

function headText(incident: IncidentView, paint: Paint): string {
  const { id, title, root, score, service, fingerprint_count: alerts } = incident;
  const sure = score === null ? "" : `  its weakest link weighs ${score.toFixed(2)}\n`;
  const from = root === null ? "its first alert" : root.because;
  const many = alerts === 1 ? "1 alert" : `${alerts} distinct alerts`;
  return (
    `${paint("bold", plain(id))}  ${plain(title)}\n` +
    `  ${many}; the trouble comes from ${plain(root?.service ?? service)}: ${plain(from)}\n` +
    `${sure}\n`
  );
}

/** The incident's labels are those of its first alert, which nothing links to it. */
function membersText(
  { labels }: IncidentView,
  members: IncidentMember[],
  paint: Paint,
): string {
  if (members.length < 2) return "";
  const rows = members.slice(0, membersMax).map(({ fingerprint, firing, link }, at) => [
    plain(fingerprint),
    plain(link?.sign?.alertname ?? (at === 0 ? (labels["alertname"] ?? "") : "")),
    firing ? "firing" : "ended",
    link === null ? "" : link.score.toFixed(2),
    plain(link?.because ?? (at === 0 ? "the first alert" : "by its grouping key, or by hand")),
    plain(link === null ? "" : evidenceText(link)),
  ]);
  const more = members.length - rows.length;
  const rest = more > 0 ? `  and ${more} more: tocsin why --json\n` : "";
  const heads = ["FINGERPRINT", "ALERT", "STATE", "SCORE", "IS HERE BECAUSE", "EVIDENCE"];
  const text = table(heads, rows, (cell, _, row) => (row < 0 ? paint("dim", cell) : cell));
  return `${text}${rest}\n`;
}

function evidenceText({ evidence }: MemberLink): string {
  return evidence.map(({ kind, weight }) => `${kind} ${weight.toFixed(2)}`).join(", ");
}

function severityText(incident: IncidentView, paint: Paint): string {
  const { severity, severity_score: score, severity_set: set } = incident;
  const by = set === null ? "" : `  made less severe by ${plain(set.by)}: ${plain(set.reason)}\n`;
  if (score === null) return by === "" ? "" : `Severity ${plain(severity)}\n${by}\n`;
  const advises = "  severity.mode is advise: the score raises nothing\n";
  const mode = score.mode === "raise" ? "" : advises;
  const text = scoreText(score, paint).replaceAll(/^(?=.)/gm, "  ");
  return `Severity ${plain(severity)}\n${by}${mode}${text}\n`;
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
