/** How every connection to NATS is made: it never gives up, and says when it is away. */
import type { NodeConnectionOptions } from "@nats-io/transport-node";

const reconnectWaitMs = 100;
const pingIntervalMs = 10_000;

export function connectOptions(url: string, name: string): NodeConnectionOptions {
  return {
    servers: url.split(","),
    name,
    noAsyncTraces: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: reconnectWaitMs,
    reconnectJitter: reconnectWaitMs,
    waitOnFirstConnect: true,
    pingInterval: pingIntervalMs,
    maxPingOut: 2,
  };
}

/** The URL as it may be shown: who connects by it must bring the password. */
export function withoutPassword(url: string): string {
  return url
    .split(",")
    .map((each) => each.trim().replace(/^(\w+:\/\/)[^@/]*@/, "$1"))
    .join(",");
}
