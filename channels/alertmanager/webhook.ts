/**
 * Alertmanager's webhook, version 4: one POST with the group's alerts as JSON. Every attempt at
 * the same notification carries the same bytes and the same Idempotency-Key.
 */
import type { GroupNotification } from "../../actors/dispatch/types.ts";
import type { WebhookSettings } from "../../runtime/config/alertmanager/basic-integrations.ts";
import type { DeliveryResult } from "../channel.ts";
import { runAttempt } from "./attempt.ts";
import type { DeliveryContext } from "./attempt.ts";
import { sendJson } from "./http-client.ts";
import { requireSuccess } from "./http-outcome.ts";
import { secretHttpUrl } from "./secret-url.ts";
import type { TemplateData } from "../templates/template-data.ts";
import { templateData } from "./template-data.ts";
import { renderTree, textRenderer } from "./templates.ts";

/** Answers that a later attempt may change, besides 5xx. */
const retriedStatuses = [429];

/** @throws RetryableError | TerminalError */
export function sendWebhook(
  notification: GroupNotification,
  settings: WebhookSettings,
  context: DeliveryContext,
  signal: AbortSignal,
): Promise<DeliveryResult> {
  const { max_alerts: alertsMax } = settings;
  const sent = { ...notification, alerts: notification.alerts.slice(0, alertsMax || undefined) };
  const cut = notification.alerts.length - sent.alerts.length;
  const truncated = cut + (notification.truncatedAlerts ?? 0);
  return runAttempt(sent, context, signal, settings.timeout, async (attempt) => {
    const startMs = context.clock.nowMs();
    const url = await secretHttpUrl("url", settings.url, attempt);
    const body = await renderWebhook(sent, truncated, settings, context);
    const headers = { "idempotency-key": headerText(notification.id) };
    const answer = await sendJson({ url, body, headers }, settings.http_config, attempt);
    requireSuccess(answer, retriedStatuses, context.clock);
    const tookMs = Math.round(context.clock.nowMs() - startMs);
    return { detail: `HTTP ${answer.status} in ${tookMs} ms` };
  });
}

/** The message, or what `payload` makes of it. @param truncated alerts that were left out. */
export async function renderWebhook(
  notification: GroupNotification,
  truncated: number,
  settings: WebhookSettings,
  context: DeliveryContext,
): Promise<unknown> {
  const data = templateData(notification, context.externalUrl, notification.receiver);
  if (settings.payload === null || settings.payload === undefined) {
    return webhookMessage(notification, data, truncated);
  }
  return renderTree("payload", settings.payload, textRenderer(context.renderer, data));
}

/** In Alertmanager's order of fields. */
function webhookMessage(
  { groupKey }: GroupNotification,
  data: TemplateData,
  truncatedAlerts: number,
): Record<string, unknown> {
  return {
    receiver: data.receiver,
    status: data.status,
    alerts: data.alerts,
    notification_reason: data.notification_reason,
    groupLabels: data.groupLabels,
    commonLabels: data.commonLabels,
    commonAnnotations: data.commonAnnotations,
    routeLabels: data.routeLabels,
    externalURL: data.externalURL,
    version: "4",
    groupKey,
    truncatedAlerts,
  };
}

/** Ids are plain ASCII in practice; anything else is percent-encoded rather than refused. */
function headerText(id: string): string {
  return /^[\x21-\x7e]+$/.test(id) ? id : encodeURIComponent(id);
}
