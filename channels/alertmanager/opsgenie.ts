/**
 * Opsgenie: a group is one alert, created under an alias made of the group's key and closed
 * when the group is resolved. Creating it again only counts it up there, so repeats are harmless.
 */
import type { GroupNotification } from "../../actors/dispatch/types.ts";
import type { OpsgenieSettings } from "../../runtime/config/alertmanager/paging-integrations.ts";
import type { DeliveryResult } from "../channel.ts";
import { runAttempt, truncate } from "./attempt.ts";
import type { Attempt, DeliveryContext } from "./attempt.ts";
import { sendJson } from "./http-client.ts";
import { requireSuccess } from "./http-outcome.ts";
import { notEmpty } from "./json-fields.ts";
import { groupAlias } from "./pagerduty.ts";
import { httpUrl } from "./secret-url.ts";

export const opsgenieMessageCharsMax = 130;

/** Answers that a later attempt may change, besides 5xx. */
const retriedStatuses = [429];

export type OpsgenieRequest = {
  method: "POST" | "PUT";
  /** Below `api_url`. */
  path: string;
  byAlias: boolean;
  body: Record<string, unknown>;
};

/**
 * With `update_alerts` a notification is three requests; one that fails is repeated with those
 * before it, which changes nothing.
 * @throws RetryableError | TerminalError
 */
export function sendOpsgenie(
  notification: GroupNotification,
  settings: OpsgenieSettings,
  context: DeliveryContext,
  signal: AbortSignal,
): Promise<DeliveryResult> {
  return runAttempt(notification, context, signal, 0, async (attempt) => {
    const startMs = context.clock.nowMs();
    const { api_key: apiKey } = settings;
    const written = apiKey === null ? "" : await attempt.secrets.read(apiKey);
    const rendered = (await attempt.render("api_key", written)).trim();
    attempt.secrets.hide(rendered);
    const headers = { authorization: `GenieKey ${rendered}` };
    const statuses: number[] = [];
    for (const { method, path, byAlias, body } of await renderOpsgenie(settings, attempt)) {
      const url = httpUrl("api_url", settings.api_url, attempt);
      url.pathname += path;
      if (byAlias) url.searchParams.set("identifierType", "alias");
      const answer = await sendJson({ method, url, body, headers }, settings.http_config, attempt);
      requireSuccess(answer, retriedStatuses, context.clock);
      statuses.push(answer.status);
    }
    const tookMs = Math.round(context.clock.nowMs() - startMs);
    return { detail: `HTTP ${statuses.join(", ")} in ${tookMs} ms` };
  });
}

/** The requests of one notification, in order. */
export async function renderOpsgenie(
  settings: OpsgenieSettings,
  attempt: Attempt,
): Promise<OpsgenieRequest[]> {
  const { notification, render } = attempt;
  const alias = groupAlias(notification.groupKey);
  const source = await render("source", settings.source);
  if (notification.status === "resolved") {
    const path = `v2/alerts/${alias}/close`;
    return [{ method: "POST", path, byAlias: true, body: { source } }];
  }
  const message = truncate(await render("message", settings.message), opsgenieMessageCharsMax);
  const description = await render("description", settings.description);
  const create: OpsgenieRequest = {
    method: "POST",
    path: "v2/alerts",
    byAlias: false,
    body: {
      alias,
      message,
      ...notEmpty({ description }),
      details: await renderDetails(settings, attempt),
      source,
      ...notEmpty<string | unknown[]>({
        responders: await renderResponders(settings, attempt),
        tags: list(await render("tags", settings.tags)),
        note: await render("note", settings.note),
        priority: await render("priority", settings.priority),
        entity: await render("entity", settings.entity),
        actions: list(await render("actions", settings.actions)),
      }),
    },
  };
  if (!settings.update_alerts) return [create];
  return [create, update(alias, "message", message), update(alias, "description", description)];
}

function update(alias: string, field: string, text: string): OpsgenieRequest {
  const path = `v2/alerts/${alias}/${field}`;
  return { method: "PUT", path, byAlias: true, body: notEmpty({ [field]: text }) };
}

/** The labels that all alerts have, and what the settings add or replace. */
async function renderDetails(
  { details }: OpsgenieSettings,
  { data, render }: Attempt,
): Promise<Record<string, string>> {
  const rendered: Record<string, string> = { ...data.commonLabels };
  for (const [name, text] of Object.entries(details)) {
    rendered[name] = await render(`details.${name}`, text);
  }
  return rendered;
}

/** "teams" stands for one responder per name; those that come out empty are left out. */
async function renderResponders(
  { responders }: OpsgenieSettings,
  { render }: Attempt,
): Promise<Record<string, string>[]> {
  const rendered: Record<string, string>[] = [];
  for (const { id, name, username, type } of responders) {
    const names = notEmpty({
      id: await render("responders.id", id),
      name: await render("responders.name", name),
      username: await render("responders.username", username),
    });
    const kind = await render("responders.type", type);
    if (Object.keys(names).length === 0) continue;
    if (kind === "teams") {
      for (const team of list(names["name"] ?? "")) rendered.push({ name: team, type: "team" });
    } else {
      rendered.push({ ...names, type: kind });
    }
  }
  return rendered;
}

/** A comma-separated list. */
function list(text: string): string[] {
  return text.split(",").map((item) => item.trim()).filter((item) => item !== "");
}
