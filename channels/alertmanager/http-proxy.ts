/**
 * Proxies of HTTP requests: which one a target is reached through, and the tunnel to a TLS
 * target. The proxy's own address is guarded like any other; names of targets are resolved by
 * the proxy, so whoever configures one decides what it may reach.
 */
import { request as httpRequest } from "node:http";
import { BlockList, isIP, isIPv4 } from "node:net";
import type { Socket } from "node:net";
import { connect as tlsConnect } from "node:tls";
import type { OAuth2Settings } from "../../runtime/config/alertmanager/http-config.ts";
import { RetryableError, TerminalError } from "../../runtime/errors.ts";
import { addressAllowed, guardedLookup, refusal } from "../address-guard.ts";
import type { Attempt } from "./attempt.ts";
import { explain } from "./http-outcome.ts";

export type ProxySettings = Pick<
  OAuth2Settings,
  "proxy_url" | "no_proxy" | "proxy_from_environment" | "proxy_connect_header"
>;

export type Proxy = {
  url: URL;
  /** Sent to the proxy itself. */
  headers: Record<string, string | string[]>;
};

/**
 * Null: directly.
 * @param environment where HTTP_PROXY, HTTPS_PROXY and NO_PROXY (or in lower case) may stand.
 * @throws TerminalError for a proxy that is not spoken to over plain HTTP.
 */
export function proxyFor(
  target: URL,
  settings: ProxySettings,
  attempt: Attempt,
  environment: Record<string, string | undefined> = process.env,
): Proxy | null {
  const fromEnvironment = settings.proxy_from_environment;
  const named = (name: string): string =>
    environment[name] || environment[name.toLowerCase()] || "";
  const written = fromEnvironment
    ? named(target.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY")
    : settings.proxy_url;
  const exceptions = fromEnvironment ? named("NO_PROXY") : settings.no_proxy;
  if (written === "") return null;
  if ((fromEnvironment || exceptions !== "") && isExcepted(target, exceptions)) return null;
  const text = written.includes("://") ? written : `http://${written}`;
  const setting = `http_config.${fromEnvironment ? "proxy_from_environment" : "proxy_url"}`;
  if (!URL.canParse(text)) throw new TerminalError(`${setting}: not a valid URL`);
  const url = new URL(text);
  if (url.protocol !== "http:") {
    throw new TerminalError(`${setting}: got a proxy by ${url.protocol}, expected http:`);
  }
  const headers: Proxy["headers"] = {};
  if (url.username !== "" || url.password !== "") {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    const encoded = Buffer.from(pair).toString("base64");
    attempt.secrets.hide(encoded);
    attempt.secrets.hide(decodeURIComponent(url.password));
    headers["proxy-authorization"] = `Basic ${encoded}`;
  }
  for (const [name, values] of Object.entries(settings.proxy_connect_header)) {
    if (target.protocol !== "https:") continue;
    for (const value of values) attempt.secrets.hide(value);
    headers[name.toLowerCase()] = values;
  }
  return { url, headers };
}

/** As Go reads NO_PROXY: hosts with their subdomains, addresses, networks, each with a port. */
function isExcepted(target: URL, exceptions: string): boolean {
  const host = bare(target.hostname);
  const port = target.port || (target.protocol === "https:" ? "443" : "80");
  if (host === "localhost" || host === "::1" || /^127\./.test(host)) return true;
  return exceptions.split(",").some((entry) => {
    const written = entry.trim().toLowerCase();
    if (written === "" || written === "*") return written === "*";
    if (written.includes("/")) return isWithin(host, written);
    const match = /^(?:\[(.+)\]|([^:]+)|(.*:.*:.*))(?::(\d+))?$/.exec(written);
    const name = match?.[1] ?? match?.[2] ?? match?.[3] ?? written;
    if (match?.[4] !== undefined && match[4] !== port) return false;
    if (name.startsWith(".") || name.startsWith("*.")) {
      return host.endsWith(name.replace(/^\*/, ""));
    }
    return host === name || (isIP(name) === 0 && host.endsWith(`.${name}`));
  });
}

function isWithin(host: string, network: string): boolean {
  const [address = "", bits = ""] = network.split("/");
  if (isIP(host) === 0 || isIP(address) === 0 || isIPv4(host) !== isIPv4(address)) return false;
  const family = isIPv4(host) ? "ipv4" : "ipv6";
  const list = new BlockList();
  const most = family === "ipv4" ? 32 : 128;
  if (!/^\d+$/.test(bits) || Number(bits) > most) return false;
  list.addSubnet(address, Number(bits), family);
  return list.check(host, family);
}

/**
 * A TLS connection to the target through the proxy's CONNECT.
 * @throws RetryableError (5xx, 429) | TerminalError (what else the proxy refuses with)
 */
export async function openTunnel(
  { url, headers }: Proxy,
  target: URL,
  tls: object,
  attempt: Attempt,
): Promise<Socket> {
  const authority = `${target.hostname}:${target.port || "443"}`;
  const options = {
    ...guarded(url, attempt),
    method: "CONNECT",
    path: authority,
    headers: { host: authority, ...headers },
  };
  const raw = await new Promise<Socket>((resolve, reject) => {
    const asked = httpRequest(options);
    asked.once("error", reject);
    asked.once("connect", ({ statusCode: status = 0, headers: said }, socket) => {
      socket.on("error", () => {});
      if (status >= 200 && status < 300) return resolve(socket);
      socket.destroy();
      const what = explain({ status, headers: said, body: "" });
      const Kind = status >= 500 || status === 429 ? RetryableError : TerminalError;
      reject(new Kind(`the proxy ${url.host} refused: ${what}`));
    });
    asked.end();
  });
  const servername = isIP(bare(target.hostname)) === 0 ? { servername: target.hostname } : {};
  const host = bare(target.hostname);
  return tlsConnect({ ...servername, host, ...tls, socket: raw });
}

/** How a request reaches the proxy. @throws TerminalError for a refused address. */
export function guarded(proxy: URL, { context, signal }: Attempt) {
  const allowPrivate = context.allowPrivateAddresses ?? true;
  const host = bare(proxy.hostname);
  if (isIP(host) !== 0 && !addressAllowed(host, allowPrivate)) throw refusal(host, host);
  const lookup = guardedLookup(allowPrivate, context.resolve);
  const port = Number(proxy.port || "80");
  return { hostname: host, port, signal, lookup, agent: false as const };
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "").toLowerCase();
}
