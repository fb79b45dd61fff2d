import { type AddressInfo, createServer } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { RetryableError, TerminalError } from "../runtime/errors.ts";
import { rawExchange, silentLog } from "../testing/ingress-door.ts";
import { type HttpLimits, HttpServer } from "./http-server.ts";
import type { HttpRequest, HttpResponse } from "./http.ts";

const open: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.drain(100)));
});

async function serve(limits: Partial<HttpLimits> = {}) {
  const server = new HttpServer({ log: silentLog, limits });
  open.push(server);
  const seen: HttpRequest[] = [];
  server.route("POST", "/echo", (request) => {
    seen.push(request);
    return { status: 200, headers: { "x-bytes": String(request.body.length) }, body: request.body };
  });
  server.route("GET", "/text", () => ({ status: 200, body: "text" }));
  server.route("GET", "/things/:id/parts/:part", (request) => ({
    status: 200,
    body: JSON.stringify([request.params, request.query.get("q"), request.header("x-one")]),
  }));
  const { port } = await server.listen("127.0.0.1", 0);
  const url = (path: string): string => `http://127.0.0.1:${port}${path}`;
  return { server, port, url, seen };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("the condition did not come true in 5 s");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe("routes", () => {
  test("parameters are decoded, queries parsed, headers kept", async () => {
    const { url } = await serve();
    const headers = { "X-One": "1" };
    const answer = await fetch(url("/things/a%2Fb%20c/parts/9?q=x+y"), { headers });
    expect(await answer.json()).toEqual([{ id: "a/b c", part: "9" }, "x y", "1"]);
  });

  test("HEAD is GET without the body", async () => {
    const { url } = await serve();
    const answer = await fetch(url("/text"), { method: "HEAD" });
    expect([answer.status, answer.headers.get("content-length")]).toEqual([200, "4"]);
    expect(await answer.text()).toBe("");
  });

  test.each([
    ["GET", "/nothing", 404, null],
    ["POST", "/nothing", 404, null],
    ["GET", "/echo", 405, "POST"],
    ["DELETE", "/text", 405, "GET, HEAD"],
    ["GET", "/things/%ff/parts/1", 400, null],
    ["GET", "/things//parts/1", 404, null],
  ])("%s %s is %i", async (method, path, status, allow) => {
    const { url } = await serve();
    const body = method === "POST" ? "something" : null;
    const answer = await fetch(url(path), { method, body });
    expect(answer.status).toBe(status);
    expect(answer.headers.get("allow")).toBe(allow);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(await answer.json()).toMatchObject({ status, type: "about:blank" });
  });

  test("the same route twice is a mistake", async () => {
    const { server } = await serve();
    expect(() => server.route("GET", "/text", () => ({ status: 200 }))).toThrow(/twice/);
  });
});

describe("handlers", () => {
  test.each([
    [new Error("secret"), 500, null],
    [new RetryableError("later", { retryAfterMs: 2500 }), 503, "3"],
  ])("%s becomes a problem without internals", async (error, status, retryAfter) => {
    const { server, url } = await serve();
    server.route("GET", "/fails", () => Promise.reject(error));
    server.route("GET", "/throws", () => {
      throw error;
    });
    for (const path of ["/fails", "/throws"]) {
      const answer = await fetch(url(path));
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([status, retryAfter]);
      expect(await answer.text()).not.toContain("secret");
    }
  });

  test("an aborted request aborts the signal, and its late answer harms nobody", async () => {
    const { server, url } = await serve();
    let aborted = false;
    let finish: (answer: HttpResponse) => void = () => undefined;
    server.route("GET", "/slow", (request) => {
      request.signal.addEventListener("abort", () => (aborted = true));
      return new Promise((resolve) => (finish = resolve));
    });
    const controller = new AbortController();
    const answer = fetch(url("/slow"), { signal: controller.signal }).catch(() => null);
    await until(() => server.inFlight === 1);
    controller.abort();
    await answer;
    await until(() => aborted);
    finish({ status: 200, body: "too late" });
    await until(() => server.inFlight === 0);
    expect(await (await fetch(url("/text"))).text()).toBe("text");
  });

  test("a header value cannot begin another header", async () => {
    const { server, url } = await serve();
    server.route("GET", "/split", () => ({ status: 200, headers: { "x-a": "1\r\nx-b: 2" } }));
    const answer = await fetch(url("/split"));
    expect([answer.headers.get("x-a"), answer.headers.get("x-b")]).toEqual(["1  x-b: 2", null]);
  });
});

describe("bodies", () => {
  test("arrive whole, however they are cut", async () => {
    const { port, url, seen } = await serve();
    const large = Buffer.alloc(3_000_000, "0123456789");
    const answer = await fetch(url("/echo"), { method: "POST", body: large });
    expect(Buffer.from(await answer.arrayBuffer()).equals(large)).toBe(true);
    const chunked = await rawExchange(port, (send) => {
      send("POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
      send("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
      setTimeout(() => send("6\r\n world\r\n0\r\n\r\n"), 20);
    });
    expect(chunked).toContain("hello world");
    expect(seen).toHaveLength(2);
  }, 20_000);

  test("gzip is inflated, within the limit on what it becomes", async () => {
    const { url, server } = await serve({ bodyBytesMax: 100_000 });
    const send = (body: Uint8Array<ArrayBuffer>, encoding: string) =>
      fetch(url("/echo"), { method: "POST", body, headers: { "content-encoding": encoding } });
    const fine = await send(new Uint8Array(gzipSync("a".repeat(90_000))), "gzip");
    expect(fine.headers.get("x-bytes")).toBe("90000");
    const bomb = await send(new Uint8Array(gzipSync(Buffer.alloc(50_000_000))), "gzip");
    expect(bomb.status).toBe(413);
    expect((await send(new Uint8Array(Buffer.from("not gzip")), "gzip")).status).toBe(400);
    expect((await send(new Uint8Array([1]), "br")).status).toBe(415);
    await until(() => server.bufferedBytes === 0);
  });

  test("too large is a 413 before the body is read", async () => {
    const { port, server } = await serve({ bodyBytesMax: 1000 });
    const declared = await rawExchange(port, (send) =>
      send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n"),
    );
    expect(declared).toMatch(/^HTTP\/1.1 413 /);
    const chunked = await rawExchange(port, (send) => {
      send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
      send(`400\r\n${"x".repeat(1024)}\r\n`);
    });
    expect(chunked).toMatch(/^HTTP\/1.1 413 /);
    expect(server.bufferedBytes).toBe(0);
  });

  test("a 100 MB stream is refused with memory bounded", async () => {
    const { port, server } = await serve();
    const before = process.memoryUsage().rss;
    let peak = 0;
    const answer = await rawExchange(port, (send) => {
      send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
      const chunk = Buffer.alloc(1 << 20, "x");
      let sent = 0;
      const more = (): void => {
        peak = Math.max(peak, process.memoryUsage().rss, server.bufferedBytes);
        if (sent++ < 100 && send("100000\r\n") && (send(chunk), send("\r\n"))) setTimeout(more, 1);
        else if (sent <= 100) setTimeout(more, 1);
      };
      more();
    });
    expect(answer).toMatch(/^(HTTP\/1.1 413 |$)/);
    expect(peak - before).toBeLessThan(150 << 20);
    await until(() => server.inFlight === 0 && server.bufferedBytes === 0);
  }, 20_000);

  test("a claimed length reserves little, and all bodies share one budget", async () => {
    const { port, server, url } = await serve({ bufferedBytesMax: 100_000, bodyDeadlineMs: 400 });
    const stalled = Array.from({ length: 10 }, () =>
      rawExchange(port, (send) =>
        send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 16000000\r\n\r\nx"),
      ),
    );
    await until(() => server.bufferedBytes > 0);
    expect(server.bufferedBytes).toBeLessThanOrEqual(100_000);
    const answers = await Promise.all(stalled);
    expect(answers.some((answer) => answer.startsWith("HTTP/1.1 503 "))).toBe(true);
    expect(answers.some((answer) => answer.startsWith("HTTP/1.1 408 "))).toBe(true);
    expect(answers.join("")).toContain("retry-after: 1");
    await until(() => server.bufferedBytes === 0);
    expect((await fetch(url("/echo"), { method: "POST", body: "x" })).status).toBe(200);
  });

  test("a body that drips is cut off at the deadline", async () => {
    const { port, server } = await serve({ bodyDeadlineMs: 300 });
    const startedMs = Date.now();
    const answer = await rawExchange(port, (send) => {
      send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
      const drip = setInterval(() => send("x") || clearInterval(drip), 30);
    });
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
    expect(Date.now() - startedMs).toBeLessThan(3000);
    expect(server.inFlight).toBe(0);
  });
});

describe("numbers", () => {
  test("beyond the requests in flight: 503 with Retry-After, and recovery", async () => {
    const { server, url } = await serve({ requestsInFlightMax: 2 });
    const finish: (() => void)[] = [];
    server.route("GET", "/wait", async () => {
      await new Promise<void>((resolve) => finish.push(resolve));
      return { status: 200, body: "done" };
    });
    const waiting = [fetch(url("/wait")), fetch(url("/wait"))];
    await until(() => finish.length === 2);
    const refused = await fetch(url("/wait"));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    for (const release of finish) release();
    const answers = await Promise.all(waiting);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect((await fetch(url("/text"))).status).toBe(200);
  });

  test("drain refuses new connections, finishes what is in flight, then closes", async () => {
    const { server, url, port } = await serve();
    let finish: () => void = () => undefined;
    server.route("GET", "/wait", async () => {
      await new Promise<void>((resolve) => (finish = resolve));
      return { status: 200, body: "done" };
    });
    const answer = fetch(url("/wait"));
    await until(() => server.inFlight === 1);
    const drained = server.drain(5000);
    const late = rawExchange(port, (send) => send("GET /text HTTP/1.1\r\nHost: x\r\n\r\n"));
    expect(await late).toBe("");
    finish();
    expect(await (await answer).text()).toBe("done");
    await drained;
    expect(server.inFlight).toBe(0);
  });

  test("drain does not wait longer than its grace", async () => {
    const { server, url } = await serve();
    server.route("GET", "/never", () => new Promise(() => undefined));
    const answer = fetch(url("/never")).then(() => "answered", () => "closed");
    await until(() => server.inFlight === 1);
    await server.drain(50);
    expect(await answer).toBe("closed");
  });
});

describe("addresses", () => {
  test("one that others can reach is refused, with a way out", async () => {
    const server = new HttpServer({ log: silentLog });
    await expect(server.listen("0.0.0.0", 0)).rejects.toThrow(/set auth.mode to keys/);
    await expect(server.listen("192.168.1.1", 0)).rejects.toBeInstanceOf(TerminalError);
  });

  test("one that is taken is refused", async () => {
    const { port } = await serve();
    const second = new HttpServer({ log: silentLog });
    await expect(second.listen("127.0.0.1", port)).rejects.toThrow(/taken/);
  });

  test("servers that say so may share a given port", async () => {
    const probe = createServer();
    await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    for (let n = 0; n < 2; n += 1) {
      const server = new HttpServer({ log: silentLog, sharePort: true });
      open.push(server);
      expect(await server.listen("127.0.0.1", port)).toEqual({ host: "127.0.0.1", port });
    }
  });
});
