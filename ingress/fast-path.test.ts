import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { RetryableError } from "../runtime/errors.ts";
import { silentLog } from "../testing/ingress-door.ts";
import { HttpServer } from "./http-server.ts";
import type { Handler, HttpRequest } from "./http.ts";

const open: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.drain(100)));
});

/** What a handler can see of a request, as text. */
function told(request: HttpRequest): string {
  const { method, path, query, body } = request;
  const header = request.header("x-one");
  return JSON.stringify([method, path, query.toString(), body.toString(), header]);
}

async function serve(routePrefix = "") {
  const server = new HttpServer({ log: silentLog, routePrefix, limits: { bodyBytesMax: 100_000 } });
  open.push(server);
  const route = (path: string, handler: Handler): void =>
    server.route("POST", path, handler, "ingest", { headers: ["x-one"] });
  route("/fast", async (request) => {
    const body = told(request);
    await new Promise((resolve) => setTimeout(resolve, 1));
    return { status: 200, body };
  });
  route("/other-header", (request) => ({ status: 200, body: request.header("x-two") }));
  route("/until-gone", async ({ signal }) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    return { status: 200 };
  });
  server.route("POST", "/by-call", () => ({ status: 202 }), "ingest", {
    headers: ["x-one"],
    handler(request, answer) {
      const body = told(request);
      if (request.body.toString() === "fail") throw new Error("it fails");
      if (request.body.toString() === "now") return answer({ status: 200, body });
      setTimeout(() => answer({ status: 200, body }), 50);
    },
  });
  route("/later", () => Promise.reject(new RetryableError("not now", { retryAfterMs: 3_000 })));
  const { port } = await server.listen("127.0.0.1", 0);
  return { server, port, url: (path: string): string => `http://127.0.0.1:${port}${path}` };
}

const post = (url: string, body: string | Buffer<ArrayBuffer>, headers = {}): Promise<Response> =>
  fetch(url, { method: "POST", body, headers: { "x-one": "1", ...headers } });

test("a request has the headers that its route names, and its body at once", async () => {
  const { server, url } = await serve();
  const answer = await post(url("/fast?q=1"), "body");
  expect(await answer.json()).toEqual(["POST", "/fast", "", "body", "1"]);
  expect((await post(url("/other-header"), "x")).status).toBe(500);
  expect([server.inFlight, server.bufferedBytes]).toEqual([0, 0]);
});

test("with a slash at the end, or a prefix, it is served alike", async () => {
  const { url } = await serve("/alerts");
  for (const path of ["/fast", "/fast/", "/alerts/fast", "/alerts/fast/"]) {
    const [, , , body, header] = (await (await post(url(path), path)).json()) as string[];
    expect([body, header]).toEqual([path, "1"]);
  }
  expect((await fetch(url("/fast"))).status).toBe(405);
});

test("bodies in pieces, packed ones and large ones are those that were sent", async () => {
  const { port, server, url } = await serve();
  const large = "x".repeat(90_000);
  const packed = await post(url("/fast"), gzipSync(large), { "content-encoding": "gzip" });
  expect(((await packed.json()) as string[])[3]).toBe(large);
  expect((await post(url("/fast"), `${large}${large}`)).status).toBe(413);
  const socket = connect(port, "127.0.0.1");
  const answer = new Promise<string>((resolve) => socket.once("data", (d) => resolve(String(d))));
  socket.write("POST /fast HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc");
  while (server.bufferedBytes === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  socket.write("def");
  expect(await answer).toContain('"abcdef"');
  socket.destroy();
  expect(server.bufferedBytes).toBe(0);
});

test("what a handler rejects with is answered as ever", async () => {
  const { url } = await serve();
  const answer = await post(url("/later"), "x");
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "3"]);
});

test("a handler that is called back answers at once, later, or by what it throws", async () => {
  const { server, url } = await serve();
  for (const body of ["now", "later"]) {
    const answer = await post(url("/by-call"), body);
    expect(await answer.json()).toEqual(["POST", "/by-call", "", body, "1"]);
  }
  expect((await post(url("/by-call"), "fail")).status).toBe(500);
  const compressed = { "content-encoding": "gzip" };
  expect((await post(url("/by-call"), gzipSync("x"), compressed)).status).toBe(202);
  expect([server.inFlight, server.bufferedBytes]).toEqual([0, 0]);
});

test("requests that one exchange serves after another have nothing of each other", async () => {
  const { port, server, url } = await serve();
  const gone = connect(port, "127.0.0.1");
  gone.write("POST /by-call HTTP/1.1\r\nHost: x\r\nx-one: gone\r\nContent-Length: 5\r\n\r\nlater");
  while (server.inFlight === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  gone.destroy();
  const served = Array.from({ length: 40 }, async (_, n) => {
    for (const body of ["now", `later ${n}`, "fail", "now", `again ${n}`]) {
      const answer = await post(url("/by-call"), body, { "x-one": `${n} ${body}` });
      if (body === "fail") expect(answer.status).toBe(500);
      else expect(await answer.json()).toEqual(["POST", "/by-call", "", body, `${n} ${body}`]);
    }
    expect(await (await post(url("/by-call"), `bare ${n}`, { "x-one": "" })).json()).toContain("");
  });
  await Promise.all(served);
  while (server.inFlight > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(server.bufferedBytes).toBe(0);
});

test("of a handler that answers twice, or answers and fails, the first answer counts", async () => {
  const { server, url } = await serve();
  server.route("POST", "/twice", () => ({ status: 500 }), "ingest", {
    headers: [],
    handler(request, answer) {
      answer({ status: 200, body: request.body.toString() });
      if (request.body.toString() === "fail") throw new Error("too late");
      answer({ status: 409 });
      setTimeout(() => answer({ status: 410 }), 1);
    },
  });
  for (const body of ["once", "fail", "again"]) {
    const answer = await post(url("/twice"), body);
    expect([answer.status, await answer.text()]).toEqual([200, body]);
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
  expect(server.inFlight).toBe(0);
});

test("who goes away before such an answer leaves nothing behind", async () => {
  const { port, server } = await serve();
  const socket = connect(port, "127.0.0.1");
  socket.write("POST /by-call HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nlater");
  while (server.inFlight === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  socket.destroy();
  while (server.inFlight > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  expect([server.answers, server.bufferedBytes]).toEqual([[1, 0, 0, 0, 0, 0], 0]);
});

test("who goes away before the answer leaves nothing behind", async () => {
  const { port, server } = await serve();
  const socket = connect(port, "127.0.0.1");
  socket.write("POST /until-gone HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
  while (server.inFlight === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  socket.destroy();
  while (server.inFlight > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  expect([server.answers, server.bufferedBytes]).toEqual([[1, 0, 0, 0, 0, 0], 0]);
});

test("only POST and paths without names have a fast path", async () => {
  const { server } = await serve();
  const answer: Handler = () => ({ status: 200 });
  const headers: string[] = [];
  expect(() => server.route("PUT", "/put", answer, "ingest", { headers })).toThrow("PUT /put");
  expect(() => server.route("POST", "/a/:b", answer, "ingest", { headers })).toThrow("/a/:b");
});
