/** Email: one mail per notification to everybody in `to`. */
import type { GroupNotification } from "../../actors/dispatch/types.ts";
import type { EmailSettings } from "../../runtime/config/alertmanager/basic-integrations.ts";
import type { DeliveryResult } from "../channel.ts";
import { runAttempt } from "./attempt.ts";
import type { DeliveryContext } from "./attempt.ts";
import { composeMail } from "./email-message.ts";
import { oneLine } from "./http-outcome.ts";
import { sendMail } from "./smtp-session.ts";

/**
 * A mail that the server took for some of its recipients counts as sent: the others are told of
 * in `detail`, as repeating it would only reach the first ones again.
 * @throws RetryableError (4xx, out of reach) | TerminalError (5xx, addresses, templates)
 */
export function sendEmail(
  notification: GroupNotification,
  settings: EmailSettings,
  context: DeliveryContext,
  signal: AbortSignal,
): Promise<DeliveryResult> {
  return runAttempt(notification, context, signal, 0, async (attempt) => {
    const mail = await composeMail(settings, attempt);
    const { accepted, refused, response } = await sendMail(mail, settings, attempt);
    const took = `${accepted} of ${mail.to.length} recipients`;
    const others = refused.length === 0 ? "" : `; refused: ${refused.join(", ")}`;
    return { detail: attempt.secrets.redact(oneLine(`${took}: ${response}${others}`)) };
  });
}
