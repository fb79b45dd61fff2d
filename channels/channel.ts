/**
 * What every notification channel offers to the delivery worker: one attempt at one message.
 * A channel owns rendering and transport; it never retries, waits or remembers (the worker does).
 *
 * Errors are classified here and nowhere else:
 * - RetryableError: the peer may take it later (time-out, network, 5xx, 429 with its wish).
 * - TerminalError: repeating cannot help (other 4xx, a refused address, an unusable target).
 */
import type { Notification } from "../actors/incident/types.ts";

/** A delivery that the peer confirmed; `detail` is one line for the timeline, without secrets. */
export type DeliveryResult = { detail: string };

export interface Channel {
  /**
   * Makes one attempt, bounded in time by the channel itself.
   * @param target the receiver's settings for this channel; checked by the channel.
   * @param signal ends the attempt early; the outcome is then unknown (RetryableError).
   * @throws RetryableError | TerminalError
   */
  send(notification: Notification, target: unknown, signal: AbortSignal): Promise<DeliveryResult>;
}
