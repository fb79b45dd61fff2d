/** The address to listen on, and which addresses are refused while there are no API keys. */
import { isIPv4, isIPv6 } from "node:net";
import type { HostPort } from "./types.ts";

/** A sentence instead of an address when it is malformed or open to the network. */
export function parseListen(text: string): HostPort | { problem: string } {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2] ?? "";
  const valid = match !== null && port <= 65_535 && (match[1] === undefined || isIPv6(host));
  if (!valid) {
    return { problem: `got "${text}", expected HOST:PORT, such as 127.0.0.1:9093 or [::1]:9093` };
  }
  if (!isLoopback(host)) {
    return {
      problem:
        `${host} can be reached from the network, and Tocsin has no API keys to check yet: ` +
        `listen on 127.0.0.1:${port} and put a reverse proxy that authenticates in front of it`,
    };
  }
  return { host, port };
}

function isLoopback(host: string): boolean {
  if (host === "localhost") return true;
  if (isIPv4(host)) return host.startsWith("127.");
  return isIPv6(host) && new URL(`http://[${host}]`).hostname === "[::1]";
}
