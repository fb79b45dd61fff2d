/** The configured receivers, as delivery needs them: checked once at boot, found by name. */
import type { Receiver } from "../runtime/config/types.ts";
import { TerminalError } from "../runtime/errors.ts";
import { checkTarget } from "./webhook/target.ts";

/** @throws TerminalError that names the receiver whose settings no delivery could use. */
export function checkReceivers(receivers: readonly Receiver[]): void {
  for (const { name, webhook } of receivers) {
    try {
      checkTarget(webhook);
    } catch (error) {
      throw new TerminalError(`receiver ${name}: ${(error as Error).message}`, { cause: error });
    }
  }
}

export function findReceiver(
  receivers: readonly Receiver[],
  name: string,
): { channel: string; target: unknown } | null {
  const found = receivers.find((receiver) => receiver.name === name);
  return found === undefined ? null : { channel: found.channel, target: found.webhook };
}
