/** Silences over Alertmanager's API v2 of a running Tocsin, and what of them a person types. */
import { matcherText } from "../actors/dispatch/text.ts";
import type { SilenceRecurrence } from "../actors/dispatch/types.ts";
import type { Matcher } from "../actors/incident/types.ts";
import { parseMatchers } from "../runtime/config/alertmanager/matcher-list.ts";
import { clockOf, weekdayName } from "../runtime/config/recurrence.ts";
import type { Answer, Api } from "./api.ts";
import { explain } from "./api.ts";
import { CommandFailure, usageError } from "./define-command.ts";
import { plain } from "./plain-text.ts";

export type ShownMatcher = { name: string; value: string; isRegex: boolean; isEqual: boolean };

export type ShownSilence = {
  id: string;
  status: { state: "active" | "pending" | "expired" };
  startsAt: string;
  endsAt: string;
  createdBy: string;
  comment: string;
  matchers: ShownMatcher[];
  recurrence?: { weekdays: string[]; from: string; to: string; location: string };
};

export type SilenceRequest = {
  matchers: ShownMatcher[];
  startsAt: string;
  endsAt: string;
  createdBy: string;
  comment: string;
  recurrence?: ShownSilence["recurrence"];
};

export type Preview = {
  /** Alerts that fire and that it would mute, of all that fire. */
  muted: number;
  of: number;
  /** Whatever comes would be muted, too. */
  everything: boolean;
  /** The labels of the first few. */
  alerts: Record<string, string>[];
};

const previewAlerts = 5;

/** @throws CommandFailure of wrong usage, with what is wrong with the text. */
export function readMatcherTexts(texts: readonly string[]): Matcher[] {
  return texts.flatMap((text) => {
    const parsed = parseMatchers(text);
    if (parsed.kind === "ok") return parsed.matchers;
    const hint = /^[\p{L}\p{N}_.-]+$/u.test(text) ? `; did you mean alertname=${plain(text)}?` : "";
    throw usageError(`matcher ${plain(text)}: ${plain(parsed.message)}${hint}`);
  });
}

export function shownMatcher({ label, op, value }: Matcher): ShownMatcher {
  const isRegex = op === "=~" || op === "!~";
  return { name: label, value, isRegex, isEqual: op === "=" || op === "=~" };
}

export function shownMatcherText({ name, value, isRegex, isEqual }: ShownMatcher): string {
  const op = isRegex ? (isEqual ? "=~" : "!~") : isEqual ? "=" : "!=";
  return matcherText({ label: name, op, value });
}

export function shownRecurrence(recurrence: SilenceRecurrence): ShownSilence["recurrence"] {
  const { weekdays, fromMinute, toMinute, location } = recurrence;
  const names = weekdays.map(weekdayName);
  return { weekdays: names, from: clockOf(fromMinute), to: clockOf(toMinute), location };
}

export async function listSilences(api: Api, query: URLSearchParams): Promise<ShownSilence[]> {
  const path = `/api/v2/silences?${query}`;
  return okBody(await api.patiently({ method: "GET", path }), api) as ShownSilence[];
}

/** Makes nothing. @throws CommandFailure with the server's words when it would refuse. */
export async function previewSilence(api: Api, request: SilenceRequest): Promise<Preview> {
  await checkIsTocsin(api);
  const path = "/api/v2/silences?dryRun=true";
  const answer = await api.patiently({ method: "POST", path, body: request });
  const counted = okBody(answer, api) as Omit<Preview, "alerts">;
  const query = new URLSearchParams({ limit: String(previewAlerts) });
  for (const matcher of request.matchers) query.append("filter", shownMatcherText(matcher));
  const list = await api.patiently({ method: "GET", path: `/api/v2/alerts?${query}` });
  const alerts = okBody(list, api) as { labels: Record<string, string> }[];
  return { ...counted, alerts: alerts.slice(0, previewAlerts).map(({ labels }) => labels) };
}

/** Not repeated: each request that is fulfilled makes a silence. @returns its id. */
export async function makeSilence(
  api: Api,
  request: SilenceRequest,
  isForced: boolean,
): Promise<string> {
  const path = `/api/v2/silences${isForced ? "?force=true" : ""}`;
  const answer = await api.once({ method: "POST", path, body: request });
  return (okBody(answer, api) as { silenceID: string }).silenceID;
}

/** One that has ended stays as it is. @returns false when there is no such silence. */
export async function endSilence(api: Api, id: string): Promise<boolean> {
  const path = `/api/v2/silence/${encodeURIComponent(id)}`;
  const answer = await api.patiently({ method: "DELETE", path });
  if (answer.status === 404) return false;
  okBody(answer, api);
  return true;
}

/** Alertmanager itself takes no notice of dryRun and would make the silence. */
async function checkIsTocsin(api: Api): Promise<void> {
  const status = okBody(await api.patiently({ method: "GET", path: "/api/v2/status" }), api);
  const { versionInfo } = status as { versionInfo?: { branch?: unknown } };
  if (versionInfo?.branch === "tocsin") return;
  throw new CommandFailure(`${api.baseUrl} is not a Tocsin; it cannot say what would be muted`);
}

/** This API says what is wrong as a JSON text, or with a message. */
function okBody(answer: Answer, api: Api): unknown {
  const { status, body } = answer;
  if (status >= 200 && status < 300) return body;
  const message =
    typeof body === "object" && body !== null ? (body as { message?: unknown }).message : body;
  const said = typeof message === "string" ? plain(message.trim()) : "";
  throw new CommandFailure(said === "" ? explain(answer, api.baseUrl) : said);
}
