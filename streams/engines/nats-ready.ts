/** Asks a running nats-server whether it serves, through its client and its monitor port. */
import { connect } from "node:net";

const connectTimeoutMs = 1_000;
const pollMs = 15;

/** True when the port greets as a NATS server does: a line that begins with INFO. */
export function answersInfo(port: number, host = "127.0.0.1"): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const done = (ok: boolean) => {
      socket.destroy();
      resolve(ok);
    };
    socket.setTimeout(connectTimeoutMs, () => done(false));
    socket.once("error", () => done(false));
    socket.once("close", () => done(false));
    socket.once("data", (data) => done(data.toString("latin1").startsWith("INFO ")));
  });
}

async function jetStreamServes(monitorUrl: string): Promise<boolean> {
  try {
    const response = await fetch(`${monitorUrl}/healthz?js-enabled-only=true`, {
      signal: AbortSignal.timeout(connectTimeoutMs),
    });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

/**
 * Resolves true once clients and JetStream are served; false when `deadlineMs` (epoch) passed
 * or `gaveUp` says that waiting is pointless.
 */
export async function waitUntilServing(
  port: number,
  monitorUrl: string,
  deadlineMs: number,
  gaveUp: () => boolean,
): Promise<boolean> {
  while (Date.now() < deadlineMs && !gaveUp()) {
    if ((await answersInfo(port)) && (await jetStreamServes(monitorUrl))) return !gaveUp();
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  return false;
}
