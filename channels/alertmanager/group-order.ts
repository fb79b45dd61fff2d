/**
 * Keeps what one integration is told about one group in order. A notification that is retried
 * for hours may be overtaken by a later one; sent after it, "firing" would open again what
 * "resolved" has closed.
 *
 * O1 Of one group and integration, one attempt runs at a time.
 * O2 A notification is not sent any more once a later one of its group was delivered: that one
 *    held all of the group's alerts. This is a memory of the process only.
 */
import type { GroupNotification } from "../../actors/dispatch/types.ts";
import { TerminalError } from "../../runtime/errors.ts";

export const groupsRememberedMax = 50_000;

export class GroupOrder {
  #max: number;
  /** Decision time of the newest delivered notification; least recently used first. */
  #deliveredAtMs = new Map<string, number>();
  /** The last attempt of each group that is under way; never rejects. */
  #running = new Map<string, Promise<unknown>>();

  constructor(max: number = groupsRememberedMax) {
    this.#max = max;
  }

  /** @throws TerminalError when a later notification was delivered; what `send` throws. */
  async inOrder<Result>(
    notification: GroupNotification,
    send: () => Promise<Result>,
  ): Promise<Result> {
    const { receiver, integration, groupKey, atMs } = notification;
    const key = JSON.stringify([receiver, integration.kind, integration.index, groupKey]);
    const before = this.#running.get(key) ?? Promise.resolve();
    const attempt = before.then(async () => {
      if ((this.#deliveredAtMs.get(key) ?? atMs) > atMs) {
        throw new TerminalError("superseded: a later notification of the group was delivered");
      }
      const result = await send();
      this.#remember(key, atMs);
      return result;
    });
    const ended = attempt.then(
      () => {},
      () => {},
    );
    this.#running.set(key, ended);
    void ended.then(() => {
      if (this.#running.get(key) === ended) this.#running.delete(key);
    });
    return attempt;
  }

  #remember(key: string, atMs: number): void {
    this.#deliveredAtMs.delete(key);
    this.#deliveredAtMs.set(key, atMs);
    if (this.#deliveredAtMs.size <= this.#max) return;
    const oldest = this.#deliveredAtMs.keys().next();
    if (oldest.done !== true) this.#deliveredAtMs.delete(oldest.value);
  }
}
