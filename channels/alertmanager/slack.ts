/**
 * Slack: one attachment per group, through an incoming webhook or, with an app token, through
 * chat.postMessage. Slack answers 200 to refusals of the latter; the body tells.
 */
import type { GroupNotification } from "../../actors/dispatch/types.ts";
import type { SlackSettings } from "../../runtime/config/alertmanager/chat-integrations.ts";
import { RetryableError, TerminalError } from "../../runtime/errors.ts";
import type { DeliveryResult } from "../channel.ts";
import { runAttempt, truncate } from "./attempt.ts";
import type { DeliveryContext } from "./attempt.ts";
import { sendJson } from "./http-client.ts";
import type { HttpAnswer } from "./http-request.ts";
import { oneLine, requireSuccess } from "./http-outcome.ts";
import { notEmpty } from "./json-fields.ts";
import { secretHttpUrl } from "./secret-url.ts";
import type { RenderText } from "./templates.ts";

export const slackTitleCharsMax = 1_024;

/** Answers that a later attempt may change, besides 5xx. */
const retriedStatuses = [429];
/** Slack's own words for trouble on its side. */
const passingErrors = new Set([
  ...["ratelimited", "rate_limited", "internal_error", "fatal_error"],
  ...["service_unavailable", "request_timeout", "team_added_to_org"],
]);

/** @throws RetryableError | TerminalError */
export function sendSlack(
  notification: GroupNotification,
  settings: SlackSettings,
  context: DeliveryContext,
  signal: AbortSignal,
): Promise<DeliveryResult> {
  return runAttempt(notification, context, signal, settings.timeout, async (attempt) => {
    const startMs = context.clock.nowMs();
    const url = await secretHttpUrl("api_url", settings.api_url, attempt);
    const body = await renderSlack(settings, attempt.render);
    const request = { url, body, wantsBody: true };
    const answer = await sendJson(request, settings.http_config, attempt);
    requireSuccess(answer, retriedStatuses, context.clock);
    checkAnswer(answer);
    const tookMs = Math.round(context.clock.nowMs() - startMs);
    return { detail: `HTTP ${answer.status} in ${tookMs} ms` };
  });
}

export async function renderSlack(
  settings: SlackSettings,
  render: RenderText,
): Promise<Record<string, unknown>> {
  const text = (key: keyof SlackSettings & string): Promise<string> =>
    render(key, String(settings[key]));
  const { mrkdwn_in: markdownIn } = settings;
  const attachment = {
    ...notEmpty({
      title: truncate(await text("title"), slackTitleCharsMax),
      title_link: await text("title_link"),
      pretext: await text("pretext"),
    }),
    text: await text("text"),
    fallback: await text("fallback"),
    callback_id: await text("callback_id"),
    ...(await renderFields(settings, render)),
    ...(await renderActions(settings, render)),
    ...notEmpty({ image_url: await text("image_url"), thumb_url: await text("thumb_url") }),
    footer: await text("footer"),
    ...notEmpty({ color: await text("color") }),
    mrkdwn_in: markdownIn.length === 0 ? ["fallback", "pretext", "text"] : markdownIn,
  };
  return {
    ...notEmpty({
      channel: await text("channel"),
      username: await text("username"),
      icon_emoji: await text("icon_emoji"),
      icon_url: await text("icon_url"),
    }),
    ...(settings.link_names && { link_names: true }),
    ...notEmpty({ text: await text("message_text") }),
    attachments: [attachment],
  };
}

async function renderFields(
  { fields, short_fields: shortFields }: SlackSettings,
  render: RenderText,
): Promise<Record<string, unknown>> {
  const rendered: unknown[] = [];
  for (const { title, value, short } of fields) {
    rendered.push({
      title: await render("fields.title", title),
      value: await render("fields.value", value),
      short: short ?? shortFields,
    });
  }
  return rendered.length === 0 ? {} : { fields: rendered };
}

async function renderActions(
  { actions }: SlackSettings,
  render: RenderText,
): Promise<Record<string, unknown>> {
  const rendered: unknown[] = [];
  for (const { confirm, ...texts } of actions) {
    const action = notEmpty(await renderAll("actions", texts, render));
    const question =
      confirm === null ? {} : notEmpty(await renderAll("actions.confirm", confirm, render));
    rendered.push({ ...action, ...(confirm !== null && { confirm: question }) });
  }
  return rendered.length === 0 ? {} : { actions: rendered };
}

async function renderAll(
  setting: string,
  texts: Record<string, string>,
  render: RenderText,
): Promise<Record<string, string>> {
  const rendered: Record<string, string> = {};
  for (const [key, text] of Object.entries(texts)) {
    rendered[key] = await render(`${setting}.${key}`, text);
  }
  return rendered;
}

/** A webhook says "ok", the API { ok: true }. */
function checkAnswer({ headers, body }: HttpAnswer): void {
  if (!(headers["content-type"] ?? "").startsWith("application/json")) {
    if (body.trim() === "ok") return;
    throw new TerminalError(`Slack refused the message: ${oneLine(body) || "empty answer"}`);
  }
  let said: { ok?: unknown; error?: unknown } | null;
  try {
    said = JSON.parse(body) as typeof said;
  } catch {
    throw new RetryableError(`Slack's answer is not JSON: ${oneLine(body)}`);
  }
  if (said?.ok === true) return;
  const error = typeof said?.error === "string" ? oneLine(said.error) : "no reason given";
  const Kind = passingErrors.has(error) ? RetryableError : TerminalError;
  throw new Kind(`Slack refused the message: ${error}`);
}
