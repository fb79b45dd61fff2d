/**
 * Delivery of group notifications: finds the integration that a decision named in the settings
 * as they are now, and makes one attempt through it. Like every channel it never retries, waits
 * or remembers; the delivery worker does.
 */
import type { GroupNotification } from "../../actors/dispatch/types.ts";
import type {
  IntegrationSettings,
  ReceiverSettings,
} from "../../runtime/config/alertmanager/receivers.ts";
import { TerminalError } from "../../runtime/errors.ts";
import type { DeliveryResult } from "../channel.ts";
import type { DeliveryContext } from "./attempt.ts";
import { sendEmail } from "./email.ts";
import { GroupOrder } from "./group-order.ts";
import { OAuth2Tokens } from "./oauth2-tokens.ts";
import { sendOpsgenie } from "./opsgenie.ts";
import { sendPagerduty } from "./pagerduty.ts";
import { sendSlack } from "./slack.ts";
import { sendWebhook } from "./webhook.ts";

/** Kinds that have an outbox and are delivered. */
export const groupChannelKinds = ["webhook", "slack", "email", "pagerduty", "opsgenie"] as const;

export interface GroupChannel {
  /**
   * Makes one attempt, bounded in time by the channel itself.
   * @param signal ends the attempt early; the outcome is then unknown (RetryableError).
   * @throws RetryableError | TerminalError, without secrets.
   */
  send(notification: GroupNotification, signal: AbortSignal): Promise<DeliveryResult>;
}

export type GroupChannelOptions = Omit<DeliveryContext, "tokens" | "renderer"> & {
  /** Asked at each attempt, so that a changed configuration counts at once. */
  receivers(): readonly ReceiverSettings[];
  /** Asked at each attempt, as a changed configuration has other templates. */
  renderer(): DeliveryContext["renderer"];
};

export function createGroupChannel(options: GroupChannelOptions): GroupChannel {
  const { receivers, renderer, ...rest } = options;
  const tokens = new OAuth2Tokens();
  const order = new GroupOrder();
  return {
    async send(notification, signal): Promise<DeliveryResult> {
      return order.inOrder(notification, () => {
        const integration = findIntegration(notification, receivers());
        const context = { ...rest, tokens, renderer: renderer() };
        return sendThrough(integration, notification, context, signal);
      });
    },
  };
}

/** @throws TerminalError that names the receiver or integration that is not configured. */
function findIntegration(
  { receiver, integration: { kind, index } }: GroupNotification,
  receivers: readonly ReceiverSettings[],
): IntegrationSettings {
  const found = receivers.find((one) => one.name === receiver);
  if (found === undefined) {
    throw new TerminalError(`no receiver named ${receiver} is configured`);
  }
  const integration = found.integrations.find((one) => one.kind === kind && one.index === index);
  if (integration !== undefined) return integration;
  throw new TerminalError(`receiver ${receiver}: no ${kind}_configs[${index}] is configured`);
}

function sendThrough(
  { kind, settings }: IntegrationSettings,
  notification: GroupNotification,
  context: DeliveryContext,
  signal: AbortSignal,
): Promise<DeliveryResult> {
  switch (kind) {
    case "webhook":
      return sendWebhook(notification, settings, context, signal);
    case "slack":
      return sendSlack(notification, settings, context, signal);
    case "email":
      return sendEmail(notification, settings, context, signal);
    case "pagerduty":
      return sendPagerduty(notification, settings, context, signal);
    case "opsgenie":
      return sendOpsgenie(notification, settings, context, signal);
    default: {
      const { receiver } = notification;
      throw new TerminalError(`receiver ${receiver}: ${kind} is not delivered by Tocsin`);
    }
  }
}
