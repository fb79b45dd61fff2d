/** http_config against real servers: credentials, headers, TLS, redirects, addresses, OAuth 2. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { RetryableError, TerminalError } from "../../runtime/errors.ts";
import { groupChannel } from "../../testing/group-delivery.ts";
import { selfSigned } from "../../testing/self-signed.ts";
import { startWebhookReceiver } from "../../testing/webhook-receiver.ts";
import type { WebhookReceiver } from "../../testing/webhook-receiver.ts";

let server: WebhookReceiver;
let other: WebhookReceiver;
const directory = mkdtempSync(join(tmpdir(), "tocsin-http-"));
beforeAll(async () => {
  [server, other] = await Promise.all([startWebhookReceiver(), startWebhookReceiver()]);
});
beforeEach(() => {
  server.deliveries.splice(0);
  other.deliveries.splice(0);
});
afterAll(async () => {
  rmSync(directory, { recursive: true });
  await Promise.all([server.stop(), other.stop()]);
});

const yaml = (url: string, httpConfig: string): string =>
  `receivers: [{ name: team.x, webhook_configs: [{ url: "${url}", http_config: ${httpConfig} }] }]`;
const send = (httpConfig: string, path = "/hook"): ReturnType<ReturnType<typeof groupChannel>> =>
  groupChannel(yaml(server.url + path, httpConfig))();
const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString("base64")}`;

test.each([
  ["{ authorization: { credentials: t0ken } }", "Bearer t0ken"],
  ["{ authorization: { type: Api-Key, credentials: t0ken } }", "Api-Key t0ken"],
  ["{ bearer_token: t0ken }", "Bearer t0ken"],
  ["{ basic_auth: { username: me, password: 'pä:ss' } }", basic("me:pä:ss")],
  ["{ basic_auth: { username: me } }", basic("me:")],
])("%s is sent as %s", async (httpConfig, header) => {
  await send(httpConfig);
  expect(server.deliveries[0]!.headers.authorization).toBe(header);
});

test("credentials within the address are sent, not shown", async () => {
  const url = server.url.replace("://", "://me:p%40ss@");
  await groupChannel(yaml(`${url}/hook`, "{}"))();
  expect(server.deliveries[0]).toMatchObject({
    path: "/hook",
    headers: { authorization: basic("me:p@ss") },
  });
});

test("a file of credentials is read at each delivery; a lost one may come back", async () => {
  const file = join(directory, "token");
  writeFileSync(file, "first\n");
  const deliver = groupChannel(
    yaml(`${server.url}/hook`, `{ authorization: { credentials_file: "${file}" } }`),
  );
  await deliver();
  writeFileSync(file, "second\n");
  await deliver();
  expect(server.deliveries.map(({ headers }) => headers.authorization)).toEqual([
    "Bearer first",
    "Bearer second",
  ]);
  rmSync(file);
  await expect(deliver()).rejects.toEqual(
    new RetryableError(`cannot read the secret in the file ${file} (ENOENT)`),
  );
});

test("own headers are sent with all their values", async () => {
  await send("{ http_headers: { X-Team: { values: [a, b] }, X-Key: { secrets: [s3cret] } } }");
  expect(server.deliveries[0]!.headers).toMatchObject({ "x-team": "a, b", "x-key": "s3cret" });
});

test("a peer that repeats credentials does not bring them into the error", async () => {
  const body = `t0ken-long wrong, ${basic("me:passw0rd")}, x s3cret-header`;
  server.script("/hook", { status: 403, body }, { status: 403, body });
  const headers = "http_headers: { X-Key: { secrets: [s3cret-header] } }";
  await expect(
    send(`{ authorization: { credentials: t0ken-long }, ${headers} }`),
  ).rejects.toMatchObject({ message: expect.stringMatching(/^HTTP 403: \*\*\* wrong.*x \*\*\*$/) });
  await expect(send("{ basic_auth: { username: me, password: passw0rd } }")).rejects.toMatchObject({
    message: expect.not.stringContaining(basic("me:passw0rd").slice(6)),
  });
});

test("redirects: 307 repeats the POST, 302 asks with GET, strangers get no secrets", async () => {
  const secrets = "{ authorization: { credentials: t0ken } }";
  server.script("/a", { status: 307, headers: { location: "/b" } });
  server.script("/b", { status: 307, headers: { location: `${other.url}/c` } });
  await send(secrets, "/a");
  expect(server.deliveries.map(({ path, headers }) => [path, headers.authorization])).toEqual([
    ["/a", "Bearer t0ken"],
    ["/b", "Bearer t0ken"],
  ]);
  const [foreign] = other.deliveries;
  expect(foreign).toMatchObject({ method: "POST", path: "/c", body: server.deliveries[0]!.body });
  expect(foreign!.headers.authorization).toBeUndefined();
  expect(foreign!.headers["idempotency-key"]).toBeUndefined();
  server.script("/a", { status: 302, headers: { location: "/d" } });
  await send(secrets, "/a");
  expect(server.deliveries.at(-1)).toMatchObject({ method: "GET", path: "/d", body: "" });
});

test("redirects end: after ten, or at the first where they are not followed", async () => {
  server.always("/loop", { status: 308, headers: { location: "/loop" } });
  await expect(send("{}", "/loop")).rejects.toBeInstanceOf(TerminalError);
  expect(server.deliveries.length).toBe(11);
  await expect(send("{ follow_redirects: false }", "/loop")).rejects.toEqual(
    new TerminalError("HTTP 308, a redirect which is not followed"),
  );
});

test("metadata addresses are refused, by name and redirect too; private on demand", async () => {
  const refused = groupChannel(yaml("http://169.254.169.254/latest", "{}"))();
  await expect(refused).rejects.toBeInstanceOf(TerminalError);
  const resolve = ((_name: string, _options: object, callback: (...args: unknown[]) => void) =>
    callback(null, [{ address: "fe80::1", family: 6 }])) as never;
  const byName = groupChannel(yaml("http://innocent.example.com/", "{}"), { resolve })();
  await expect(byName).rejects.toBeInstanceOf(TerminalError);
  server.script("/hook", { status: 307, headers: { location: "http://169.254.169.254/" } });
  await expect(send("{}")).rejects.toMatchObject({
    name: "TerminalError",
    message: expect.stringContaining("169.254.169.254"),
  });
  const strict = groupChannel(yaml(`${server.url}/x`, "{}"), { allowPrivateAddresses: false });
  await expect(strict()).rejects.toBeInstanceOf(TerminalError);
});

test("a peer out of reach may come back", async () => {
  const deliver = groupChannel(yaml("http://127.0.0.1:1/hook", "{}"))();
  await expect(deliver).rejects.toMatchObject({
    name: "RetryableError",
    message: expect.stringContaining("127.0.0.1:1 out of reach"),
  });
});

test("OAuth 2: one token serves many, a refused one is asked for again", async () => {
  other.always("/token", {
    status: 200,
    body: JSON.stringify({ access_token: "acc3ss", token_type: "Bearer", expires_in: 3600 }),
  });
  const deliver = groupChannel(
    yaml(
      `${server.url}/hook`,
      `{ oauth2: { client_id: me, client_secret: s3cret, token_url: "${other.url}/token",
         scopes: [a, b], endpoint_params: { audience: x } } }`,
    ),
  );
  await deliver();
  await deliver();
  expect(server.deliveries.map(({ headers }) => headers.authorization)).toEqual([
    "Bearer acc3ss",
    "Bearer acc3ss",
  ]);
  expect(other.deliveries.length).toBe(1);
  expect(other.deliveries[0]).toMatchObject({
    body: "grant_type=client_credentials&scope=a+b&audience=x",
    headers: { authorization: basic("me:s3cret") },
  });
  server.script("/hook", { status: 401 });
  await deliver();
  expect(other.deliveries.length).toBe(2);
  server.script("/hook", { status: 401 }, { status: 401, body: "acc3ss has ended" });
  await expect(deliver()).rejects.toEqual(new TerminalError("HTTP 401: *** has ended"));
});

test("OAuth 2: an issuer that refuses, or wants the secret in the form", async () => {
  other.script("/form", { status: 401 }, { status: 200, body: '{"access_token":"acc3ss"}' });
  const oauth2 = (path: string): string =>
    `{ oauth2: { client_id: me, client_secret: s3cret, token_url: "${other.url}${path}" } }`;
  await send(oauth2("/form"));
  expect(other.deliveries[1]!.body).toBe(
    "grant_type=client_credentials&client_id=me&client_secret=s3cret",
  );
  other.always("/never", { status: 401, body: "s3cret is wrong" });
  await expect(send(oauth2("/never"))).rejects.toEqual(
    new TerminalError("http_config.oauth2: the token was refused: HTTP 401: *** is wrong"),
  );
  other.always("/never", { status: 401, body: "passw0rd is wrong" });
  const params = oauth2("/never").replace("me,", "me, endpoint_params: { p: passw0rd },");
  await expect(send(params)).rejects.toEqual(
    new TerminalError("http_config.oauth2: the token was refused: HTTP 401: *** is wrong"),
  );
});

test("TLS: a private authority, another name, and verification turned off", async () => {
  const { certFile, ...pair } = selfSigned(directory, "alerts.test");
  const bodies: string[] = [];
  const secure = createServer(pair, (request, reply) => {
    request.resume().once("end", () => reply.end());
    bodies.push(request.url ?? "");
  });
  await new Promise<void>((resolve) => secure.listen(0, "127.0.0.1", resolve));
  const url = `https://127.0.0.1:${(secure.address() as AddressInfo).port}/tls`;
  try {
    await expect(groupChannel(yaml(url, "{}"))()).rejects.toBeInstanceOf(RetryableError);
    const named = `{ tls_config: { ca_file: "${certFile}", server_name: alerts.test } }`;
    await groupChannel(yaml(url, named))();
    await groupChannel(yaml(url, "{ tls_config: { insecure_skip_verify: true } }"))();
    expect(bodies).toEqual(["/tls", "/tls"]);
  } finally {
    secure.closeAllConnections();
    await new Promise((resolve) => secure.close(resolve));
  }
});
