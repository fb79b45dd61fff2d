/**
 * Sends a storm on time. Open-loop: a slow server does not slow the storm down, it makes it
 * fail, as it would for a real sender; so a batch that finds no free connection, or is told
 * that the server is busy, counts as failed. What fires is repeated anyway.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { postAlerts } from "../alert-post.ts";
import type { Api } from "../api.ts";
import { CommandFailure } from "../define-command.ts";

export type StormTally = {
  sent: number;
  accepted: number;
  failed: number;
  /** Of the last failure. */
  reason: string | null;
};

const inFlightMax = 32;
const progressEveryMs = 500;

export class Player {
  #api: Api;
  #interrupted: AbortSignal | null;
  #tally: StormTally = { sent: 0, accepted: 0, failed: 0, reason: null };
  #inFlight = new Set<Promise<void>>();

  constructor(api: Api, interrupted: AbortSignal | null) {
    this.#api = api;
    this.#interrupted = interrupted;
  }

  /**
   * @param progress is told now and then how it goes; null: nobody wants to know.
   * @throws CommandFailure when not even the first batch finds a server.
   */
  async play(
    batches: AsyncIterable<{ dueMs: number; alerts: string[] }>,
    startMs: number,
    progress: ((text: string) => void) | null,
  ): Promise<StormTally> {
    let shownMs = startMs;
    for await (const { dueMs, alerts } of batches) {
      if (!(await this.#waitUntil(dueMs))) break;
      await this.#dispatch(alerts);
      if (progress === null || Date.now() - shownMs < progressEveryMs) continue;
      shownMs = Date.now();
      const { accepted, failed } = this.#tally;
      const second = Math.round((shownMs - startMs) / 1000);
      progress(`${second} s: ${accepted} accepted, ${failed} failed`);
    }
    await Promise.all(this.#inFlight);
    return this.#tally;
  }

  /** @returns false when the user wants it to stop. */
  async #waitUntil(dueMs: number): Promise<boolean> {
    const signal = this.#interrupted;
    const waitMs = dueMs - Date.now();
    if (waitMs > 0 && signal?.aborted !== true) {
      await sleep(waitMs, undefined, signal === null ? {} : { signal }).catch(() => {});
    }
    return signal?.aborted !== true;
  }

  async #dispatch(alerts: string[]): Promise<void> {
    const first = this.#tally.sent === 0;
    this.#tally.sent += alerts.length;
    if (first) return this.#post(alerts, true);
    if (this.#inFlight.size >= inFlightMax) {
      this.#fail(alerts.length, `more than ${inFlightMax} requests are waiting for an answer`);
      return;
    }
    const request = this.#post(alerts, false).finally(() => this.#inFlight.delete(request));
    this.#inFlight.add(request);
  }

  async #post(alerts: string[], mustAnswer: boolean): Promise<void> {
    try {
      const result = await postAlerts(this.#api, alerts);
      if (result.kind === "busy") return this.#fail(alerts.length, result.reason);
      this.#tally.accepted += result.accepted;
      const failed = alerts.length - result.accepted;
      if (failed > 0) this.#fail(failed, result.rejected[0]?.reason ?? "rejected");
    } catch (error) {
      if (mustAnswer || !(error instanceof CommandFailure)) throw error;
      this.#fail(alerts.length, error.message);
    }
  }

  #fail(count: number, reason: string): void {
    this.#tally.failed += count;
    this.#tally.reason = reason;
  }
}
