/** Requests through a real proxy on loopback, and what goes past it. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { RetryableError, TerminalError } from "../../runtime/errors.ts";
import { groupChannel } from "../../testing/group-delivery.ts";
import { selfSigned } from "../../testing/self-signed.ts";
import type { Attempt } from "./attempt.ts";
import { proxyFor, type ProxySettings } from "./http-proxy.ts";
import { AttemptSecrets } from "./secret-value.ts";

/** What the proxy was asked: method, target, credentials, a header of CONNECT's own. */
const asked: (string | undefined)[][] = [];
let refusal: number | null = null;
let proxy: Server;
let proxyUrl = "";
beforeAll(async () => {
  proxy = createServer((request, response) => {
    asked.push([request.method, request.url, request.headers["proxy-authorization"]]);
    request.resume().once("end", () => response.writeHead(refusal ?? 204).end());
  });
  proxy.on("connect", (request, socket) => {
    const { headers } = request;
    const { "proxy-authorization": credentials, "x-own": own } = headers;
    asked.push(["CONNECT", request.url, credentials, own as string]);
    if (refusal !== null) return void socket.end(`HTTP/1.1 ${refusal} No\r\n\r\n`);
    const target = connect(Number(request.url!.split(":")[1]), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Yes\r\n\r\n");
      target.pipe(socket).pipe(target);
    });
    for (const one of [socket, target]) one.on("error", () => {});
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  proxyUrl = `http://me:pr0xypass@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
});
beforeEach(() => {
  asked.splice(0);
  refusal = null;
});
afterAll(() => void proxy.close());

const basic = `Basic ${Buffer.from("me:pr0xypass").toString("base64")}`;
const send = (url: string, more = ""): ReturnType<ReturnType<typeof groupChannel>> =>
  groupChannel(
    `receivers: [{ name: team.x, webhook_configs: [{ url: "${url}",
       http_config: { proxy_url: "${proxyUrl}"${more} } }] }]`,
  )();

test("plain HTTP asks the proxy for the whole address, which the proxy resolves", async () => {
  await expect(send("http://alerts.invalid/hook?a=b")).resolves.toMatchObject({
    detail: expect.stringContaining("HTTP 204"),
  });
  expect(asked).toEqual([["POST", "http://alerts.invalid/hook?a=b", basic]]);
});

test("https goes through a tunnel, and the certificate is still the target's", async () => {
  const directory = mkdtempSync(join(tmpdir(), "tocsin-proxy-"));
  const { certFile, ...pair } = selfSigned(directory, "alerts.test");
  const paths: (string | undefined)[] = [];
  const target = createTlsServer(pair, (request, response) => {
    paths.push(request.url, request.headers["proxy-authorization"], request.headers.host);
    request.resume().once("end", () => response.end());
  });
  await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
  const { port } = target.address() as AddressInfo;
  const own = ", proxy_connect_header: { X-Own: [s3cret] }";
  try {
    await send(
      `https://alerts.test:${port}/hook`,
      `, tls_config: { ca_file: "${certFile}" }${own}`,
    );
    expect(asked).toEqual([["CONNECT", `alerts.test:${port}`, basic, "s3cret"]]);
    expect(paths).toEqual(["/hook", undefined, `alerts.test:${port}`]);
    await expect(send(`https://alerts.test:${port}/hook`)).rejects.toBeInstanceOf(RetryableError);
    expect(paths.length).toBe(3);
  } finally {
    rmSync(directory, { recursive: true });
    target.closeAllConnections();
    target.close();
  }
});

test("a proxy that refuses is named, without its password", async () => {
  const { host } = new URL(proxyUrl);
  refusal = 407;
  await expect(send("https://alerts.invalid/")).rejects.toEqual(
    new TerminalError(`the proxy ${host} refused: HTTP 407`),
  );
  refusal = 502;
  await expect(send("https://alerts.invalid/")).rejects.toEqual(
    new RetryableError(`the proxy ${host} refused: HTTP 502`),
  );
});

test("metadata addresses are refused behind and as a proxy", async () => {
  await expect(send("http://169.254.169.254/latest")).rejects.toBeInstanceOf(TerminalError);
  expect(asked).toEqual([]);
  const through = groupChannel(
    `receivers: [{ name: team.x, webhook_configs: [{ url: "http://alerts.invalid/",
       http_config: { proxy_url: "http://169.254.169.254:80" } }] }]`,
  )();
  await expect(through).rejects.toBeInstanceOf(TerminalError);
});

const settings = (over: Partial<ProxySettings>): ProxySettings => ({
  proxy_url: "",
  no_proxy: "",
  proxy_from_environment: false,
  proxy_connect_header: {},
  ...over,
});
const attempt = { secrets: new AttemptSecrets() } as Attempt;

test.each([
  ["http://a.example.com/", "example.com", null],
  ["http://example.com/", ".example.com", "p:1"],
  ["http://badexample.com/", "example.com", "p:1"],
  ["http://example.com:8080/", "example.com:80", "p:1"],
  ["https://example.com/", "x.org, example.com:443", null],
  ["http://10.1.2.3/", "10.1.0.0/16", null],
  ["http://10.2.2.3/", "10.1.0.0/16", "p:1"],
  ["http://[fd00::1]/", "fd00::/8", null],
  ["http://10.1.2.3/", "10.1.2.3", null],
  ["http://localhost/", "x.org", null],
  ["http://localhost/", "", "p:1"],
  ["http://x.org/", "*", null],
])("%s, with no_proxy %j, goes through %s", (url, exceptions, expected) => {
  const given = settings({ proxy_url: "http://p:1", no_proxy: exceptions });
  expect(proxyFor(new URL(url), given, attempt)?.url.host ?? null).toBe(expected);
});

test("the environment's proxies, by protocol, when it is asked", () => {
  const environment = { HTTP_PROXY: "p:1", https_proxy: "http://s:2", NO_PROXY: "no.org" };
  const chosen = (url: string): string | undefined =>
    proxyFor(new URL(url), settings({ proxy_from_environment: true }), attempt, environment)?.url
      .host;
  expect(chosen("http://x.org/")).toBe("p:1");
  expect(chosen("https://x.org/")).toBe("s:2");
  expect(chosen("https://no.org/")).toBeUndefined();
  const socks = settings({ proxy_url: "socks5://p:1" });
  expect(() => proxyFor(new URL("http://x.org/"), socks, attempt)).toThrow(
    new TerminalError("http_config.proxy_url: got a proxy by socks5:, expected http:"),
  );
});
