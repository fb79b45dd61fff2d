/** The address to listen on, and which addresses only this machine can reach. */
import { isIPv4, isIPv6 } from "node:net";
import type { HostPort } from "./types.ts";

/** A sentence instead of an address when it is malformed. */
export function parseListen(text: string): HostPort | { problem: string } {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2] ?? "";
  const valid = match !== null && port <= 65_535 && (match[1] === undefined || isIPv6(host));
  if (!valid) {
    return { problem: `got "${text}", expected HOST:PORT, such as 127.0.0.1:9093 or [::1]:9093` };
  }
  return { host, port };
}

export function isLoopback(host: string): boolean {
  if (host === "localhost") return true;
  if (isIPv4(host)) return host.startsWith("127.");
  return isIPv6(host) && new URL(`http://[${host}]`).hostname === "[::1]";
}
