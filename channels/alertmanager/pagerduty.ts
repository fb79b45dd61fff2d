/**
 * PagerDuty: Events API v2 with a routing key, v1 with a service key. A group is one alert
 * there, found again by a key made of the group's, so that its resolution closes it.
 */
import { createHash } from "node:crypto";
import type { GroupNotification } from "../../actors/dispatch/types.ts";
import type { Secret } from "../../runtime/config/alertmanager/secret.ts";
import type { PagerdutySettings } from "../../runtime/config/alertmanager/paging-integrations.ts";
import { TerminalError } from "../../runtime/errors.ts";
import type { DeliveryResult } from "../channel.ts";
import { runAttempt, truncate } from "./attempt.ts";
import type { Attempt, DeliveryContext } from "./attempt.ts";
import { sendJson } from "./http-client.ts";
import type { HttpAnswer } from "./http-request.ts";
import { explain, oneLine, requireSuccess } from "./http-outcome.ts";
import { notEmpty } from "./json-fields.ts";
import { httpUrl } from "./secret-url.ts";
import { renderTree } from "./templates.ts";

export const pagerdutySummaryCharsMax = 1_024;
/** PagerDuty takes 512 KB; larger events lose their details. */
export const pagerdutyBytesMax = 512_000;

const v1Url = "https://events.pagerduty.com/generic/2010-04-15/create_event.json";
/** Both mean "too many events". */
const v1RetriedStatuses = [403, 429];
const v2RetriedStatuses = [429];

/** @throws RetryableError | TerminalError */
export function sendPagerduty(
  notification: GroupNotification,
  settings: PagerdutySettings,
  context: DeliveryContext,
  signal: AbortSignal,
): Promise<DeliveryResult> {
  return runAttempt(notification, context, signal, settings.timeout, async (attempt) => {
    const startMs = context.clock.nowMs();
    const isV1 = settings.service_key !== null;
    const address = isV1 ? (context.pagerdutyV1Url ?? v1Url) : settings.url;
    const url = httpUrl("url", String(address), attempt);
    const event = await (isV1 ? renderV1 : renderV2)(settings, attempt);
    const body = encode(event);
    const answer = await sendJson({ url, body, wantsBody: true }, settings.http_config, attempt);
    const retried = isV1 ? v1RetriedStatuses : v2RetriedStatuses;
    requireSuccess(answer, retried, context.clock, explainErrors(answer));
    const tookMs = Math.round(context.clock.nowMs() - startMs);
    return { detail: `HTTP ${answer.status} in ${tookMs} ms` };
  });
}

/** The group's key in the service, 64 hexadecimal digits. */
export function groupAlias(groupKey: string): string {
  return createHash("sha256").update(groupKey).digest("hex");
}

type Event = { body: Record<string, unknown>; withDetails(details: unknown): unknown };

async function renderV2(settings: PagerdutySettings, attempt: Attempt): Promise<Event> {
  const { notification, render } = attempt;
  const details = await renderTree("details", settings.details, render);
  const payload = {
    summary: truncate(
      await render("description", settings.description),
      pagerdutySummaryCharsMax,
    ),
    source: await render("source", settings.source),
    severity: await render("severity", settings.severity || "error"),
    ...notEmpty({
      class: await render("class", settings.class),
      component: await render("component", settings.component),
      group: await render("group", settings.group),
    }),
  };
  const body = {
    routing_key: await key("routing_key", settings.routing_key, attempt),
    event_action: action(notification),
    dedup_key: groupAlias(notification.groupKey),
    ...notEmpty({
      client: await render("client", settings.client),
      client_url: await render("client_url", settings.client_url),
    }),
    ...(await renderList("images", settings.images, "src", attempt)),
    ...(await renderList("links", settings.links, "href", attempt)),
  };
  const withDetails = (shown: unknown): unknown => ({
    ...body,
    payload: { ...payload, custom_details: shown },
  });
  return { body: withDetails(details) as Record<string, unknown>, withDetails };
}

async function renderV1(settings: PagerdutySettings, attempt: Attempt): Promise<Event> {
  const { notification, render } = attempt;
  const details = await renderTree("details", settings.details, render);
  const eventType = action(notification);
  const isTrigger = eventType === "trigger";
  const body = {
    service_key: await key("service_key", settings.service_key, attempt),
    event_type: eventType,
    incident_key: groupAlias(notification.groupKey),
    description: truncate(
      await render("description", settings.description),
      pagerdutySummaryCharsMax,
    ),
    ...notEmpty({
      client: isTrigger ? await render("client", settings.client) : "",
      client_url: isTrigger ? await render("client_url", settings.client_url) : "",
    }),
  };
  const withDetails = (shown: unknown): unknown => ({ ...body, details: shown });
  return { body: withDetails(details) as Record<string, unknown>, withDetails };
}

function action({ status }: GroupNotification): "trigger" | "resolve" {
  return status === "resolved" ? "resolve" : "trigger";
}

/** Keys may be templates: one receiver can serve many teams. */
async function key(setting: string, secret: Secret | null, attempt: Attempt): Promise<string> {
  const written = secret === null ? "" : await attempt.secrets.read(secret);
  const rendered = await attempt.render(setting, written);
  attempt.secrets.hide(rendered);
  if (rendered === "") throw new TerminalError(`${setting}: is empty, expected a key`);
  return rendered;
}

/** Entries whose `needed` text comes out empty are left out: a template may want none. */
async function renderList(
  name: "images" | "links",
  items: Record<string, string>[],
  needed: string,
  { render }: Attempt,
): Promise<Record<string, unknown>> {
  const rendered: Record<string, string>[] = [];
  for (const item of items) {
    const one: Record<string, string> = {};
    for (const [field, text] of Object.entries(item)) {
      one[field] = await render(`${name}.${field}`, text);
    }
    if (one[needed] !== "") rendered.push(one);
  }
  return rendered.length === 0 ? {} : { [name]: rendered };
}

/** Details go first when an event is too large; the alert itself must come through. */
function encode({ body, withDetails }: Event): Buffer {
  const whole = Buffer.from(`${JSON.stringify(body)}\n`);
  if (whole.length <= pagerdutyBytesMax) return whole;
  const error =
    `Custom details were left out: the event had ${whole.length} bytes, ` +
    `at most ${pagerdutyBytesMax} are taken`;
  return Buffer.from(`${JSON.stringify(withDetails({ error }))}\n`);
}

/** PagerDuty's own reasons where it gives some: { message, errors: […] }. */
function explainErrors(answer: HttpAnswer): string {
  try {
    const said = JSON.parse(answer.body) as { message?: unknown; errors?: unknown } | null;
    if (typeof said?.message !== "string") return explain(answer);
    const errors = Array.isArray(said.errors) ? said.errors.map(String).join(", ") : "";
    const reasons = errors === "" ? said.message : `${said.message}: ${errors}`;
    return `HTTP ${answer.status}: ${oneLine(reasons)}`;
  } catch {
    // Not JSON: the plain text is the reason.
    return explain(answer);
  }
}
