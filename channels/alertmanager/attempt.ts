/**
 * One attempt at one group notification: what every integration needs to render and send it,
 * and the two rules that hold for all of them.
 *
 * A1 An attempt has one deadline over rendering, connecting, sending and the answer.
 * A2 What leaves an attempt is a RetryableError or a TerminalError without any secret in it.
 */
import type { lookup as systemLookup } from "node:dns";
import type { GroupNotification } from "../../actors/dispatch/types.ts";
import { RetryableError } from "../../runtime/errors.ts";
import type { Clock } from "../../runtime/ports.ts";
import type { DeliveryResult } from "../channel.ts";
import type { OAuth2Tokens } from "./oauth2-tokens.ts";
import { AttemptSecrets } from "./secret-value.ts";
import type { TemplateData } from "../templates/template-data.ts";
import { templateData } from "./template-data.ts";
import { textRenderer, type RenderText, type TemplateRenderer } from "./templates.ts";

export const attemptTimeoutMsDefault = 30_000;
/** However long a configured time-out is: a held job must end some day. */
export const attemptTimeoutMsMax = 300_000;

export type DeliveryContext = {
  renderer: TemplateRenderer;
  clock: Clock;
  /** Where people reach this installation, without a slash at the end. */
  externalUrl: string;
  userAgent: string;
  tokens: OAuth2Tokens;
  /**
   * False refuses loopback and private addresses. Default true, because that is where users of
   * Alertmanager have their receivers; link-local (169.254.0.0/16, fe80::/10), metadata,
   * multicast and unspecified addresses are refused in any case.
   */
  allowPrivateAddresses?: boolean;
  /** ms for an attempt whose settings say nothing; default `attemptTimeoutMsDefault`. */
  attemptTimeoutMs?: number;
  /** Where Events v1 go; PagerDuty's own address by default. */
  pagerdutyV1Url?: string;
  /** Stands in for the socket's name resolution in tests. */
  resolve?: typeof systemLookup;
};

export type Attempt = {
  notification: GroupNotification;
  context: DeliveryContext;
  data: TemplateData;
  render: RenderText;
  secrets: AttemptSecrets;
  /** Aborts at the deadline, and when the program ends. */
  signal: AbortSignal;
};

/**
 * @param timeoutMs the integration's own limit, 0: none of its own.
 * @throws RetryableError | TerminalError
 */
export async function runAttempt(
  notification: GroupNotification,
  context: DeliveryContext,
  stop: AbortSignal,
  timeoutMs: number,
  run: (attempt: Attempt) => Promise<DeliveryResult>,
): Promise<DeliveryResult> {
  const ownMs = timeoutMs > 0 ? timeoutMs : (context.attemptTimeoutMs ?? attemptTimeoutMsDefault);
  const limitMs = Math.max(1, Math.ceil(Math.min(ownMs, attemptTimeoutMsMax)));
  const deadline = AbortSignal.timeout(limitMs);
  const data = templateData(notification, context.externalUrl, notification.receiver);
  const render = textRenderer(context.renderer, data);
  const secrets = new AttemptSecrets();
  const signal = AbortSignal.any([stop, deadline]);
  const ended = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
  try {
    signal.throwIfAborted();
    const running = run({ notification, context, data, render, secrets, signal });
    // Rendering does not hear the signal.
    return await Promise.race([running, ended]);
  } catch (error) {
    if (stop.aborted) throw new RetryableError("the attempt was ended early");
    if (deadline.aborted) throw new RetryableError(`no answer within ${limitMs} ms`);
    throw secrets.withoutSecrets(error);
  }
}

/** Cuts to `charsMax` characters, the last of them an ellipsis where something is missing. */
export function truncate(text: string, charsMax: number): string {
  const chars = [...text];
  return chars.length <= charsMax ? text : `${chars.slice(0, charsMax - 1).join("")}…`;
}
