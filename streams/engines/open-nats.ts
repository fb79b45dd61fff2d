/** The NATS that Tocsin lives in: the user's, by URL, or a supervised child of our own. */
import type { Logger } from "../../runtime/ports.ts";
import { describeDurability, readDurability } from "./durability.ts";
import { ensureNatsServer } from "./nats-binary.ts";
import { startNats } from "./nats-child.ts";
import type { Durability } from "./nats-config.ts";

export type OpenNats = {
  url: string;
  /** Null for a server of the user's. */
  monitorUrl: string | null;
  /** -1: not our child, or down. */
  pid(): number;
  /** What an acknowledgement survives, in a sentence; "unknown" for a server of the user's. */
  durability: string;
  stop(): Promise<void>;
};

export type NatsWish = {
  dataDir: string;
  listen: { port: number };
  nats: { url: string | null; port: number | "preferred"; durability: Durability };
};

/** What is under way when the signal is aborted, a download or a start, is given up. */
export async function openNats(
  config: NatsWish,
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
  log: Logger,
  signal?: AbortSignal,
): Promise<OpenNats> {
  const { url, durability } = config.nats;
  if (url !== null) {
    return { url, monitorUrl: null, pid: () => -1, durability: "unknown", stop: async () => {} };
  }
  const binary = await ensureNatsServer({ env, say, signal });
  // Who asks for a free HTTP port runs beside others: the well-known NATS port is not ours then.
  const isGuest = config.listen.port === 0 && config.nats.port === "preferred";
  const port = isGuest ? 0 : config.nats.port;
  const { dataDir } = config;
  const child = await startNats({ dataDir, port, durability, log, binary, signal });
  const inForce = await readDurability(child.monitorUrl);
  return {
    url: child.url,
    monitorUrl: child.monitorUrl,
    pid: () => child.pid(),
    durability: describeDurability(inForce),
    stop: () => child.stop(),
  };
}
