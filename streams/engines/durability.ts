/** Which promise an acknowledgement of the connected nats-server carries (design, section 4). */

export type DurabilityInForce = {
  /** The server fsyncs before it acknowledges. */
  syncAlways: boolean;
  /** Longest time between fsyncs otherwise, ms. */
  syncIntervalMs: number;
  version: string;
};

const requestTimeoutMs = 5_000;
const nsPerMs = 1e6;

/** @throws Error when the monitor port does not answer or the server runs without JetStream. */
export async function readDurability(monitorUrl: string): Promise<DurabilityInForce> {
  const signal = AbortSignal.timeout(requestTimeoutMs);
  const response = await fetch(`${monitorUrl}/varz`, { signal });
  const varz = (await response.json()) as {
    version?: string;
    jetstream?: { config?: { sync_always?: boolean; sync_interval?: number } };
  };
  const config = varz.jetstream?.config;
  if (config === undefined) throw new Error(`${monitorUrl} serves no JetStream`);
  return {
    syncAlways: config.sync_always === true,
    syncIntervalMs: (config.sync_interval ?? 0) / nsPerMs,
    version: varz.version ?? "unknown",
  };
}

/** One sentence for people: what survives what. */
export function describeDurability(durability: DurabilityInForce): string {
  if (durability.syncAlways) {
    return "each acknowledged alert is on disk: it survives kill -9 and a power cut";
  }
  const seconds = Math.round(durability.syncIntervalMs / 1000);
  return (
    "each acknowledged alert survives kill -9 of every process; a power cut or kernel crash " +
    `may lose the last ${seconds} s (nats.durability: always closes that gap)`
  );
}
