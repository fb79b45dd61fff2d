/**
 * Picks loopback ports below the range from which the kernel serves outgoing connections, so
 * that a server that is restarted on its port does not find a stranger's connection there.
 */
import { createServer } from "node:net";

const portMin = 12_000;
const portMax = 31_999;
const attemptsMax = 200;

/** True when nothing listens on the loopback port at this moment. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen({ host: "127.0.0.1", port, exclusive: true }, () => {
      probe.close(() => resolve(true));
    });
  });
}

/** @throws Error when no free port was found in `attemptsMax` tries. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const port = portMin + Math.floor(Math.random() * (portMax - portMin + 1));
    if (await isFree(port)) return port;
  }
  throw new Error(`no free loopback port between ${portMin} and ${portMax}`);
}
