/** What only shows over seconds: connections that hold on and say little. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Random } from "../testing/random.ts";
import { type Door, openDoor, rawExchange } from "../testing/ingress-door.ts";
import { register } from "./alertmanager.ts";

let door: Door;
beforeAll(async () => {
  door = await openDoor();
  register(door.server.route, door);
});
afterAll(() => door.close());

const post = (body: string): Promise<Response> =>
  door.request("/api/v2/alerts", {
    method: "POST",
    body,
    headers: { "content-type": "application/json" },
  });

test.concurrent("dripped headers and half-open connections are closed", async () => {
  const startedMs = Date.now();
  const silent = Array.from({ length: 20 }, () => rawExchange(door.port, () => undefined));
  const dripping = Array.from({ length: 20 }, () =>
    rawExchange(door.port, (send) => {
      send("POST /api/v2/alerts HTTP/1.1\r\nHost: x\r\nX-Drip: ");
      const drip = setInterval(() => send("a") || clearInterval(drip), 500);
    }),
  );
  expect((await post('[{"labels":{"during":"drip"}}]')).status).toBe(200);
  await Promise.all([...silent, ...dripping]);
  expect(Date.now() - startedMs).toBeLessThan(20_000);
}, 30_000);

test.concurrent("seeded garbage on raw sockets does not stop the server", async () => {
  const random = new Random(20261123);
  const text = 'POST /api/v2/alerts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n' +
    'Content-Length: 46\r\n\r\n[{"labels":{"alertname":"fuzz","a":"b"}}]     ';
  for (let round = 0; round < 60; round += 1) {
    const bytes = Buffer.from(text);
    const damages = random.between(1, 12);
    for (let n = 0; n < damages; n += 1) {
      bytes[random.between(0, bytes.length - 1)] = random.between(0, 255);
    }
    const cut = random.chance(0.3) ? random.between(0, bytes.length) : bytes.length;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, 40);
      void rawExchange(door.port, (send) => {
        send(bytes.subarray(0, cut));
        setTimeout(() => send("\r\n\r\n"), 5);
      }).then(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
  expect((await post('[{"labels":{"after":"garbage"}}]')).status).toBe(200);
}, 30_000);

test.concurrent("fuzzed bodies: a clear answer each, valid neighbours kept", async () => {
  const random = new Random(7);
  const iso = "2026-01-01T00:00:00Z";
  const whole = JSON.stringify([
    { labels: { alertname: "fuzz", n: "1" }, annotations: { a: "é😀" }, startsAt: iso },
    { labels: { alertname: "fuzz", n: "2" }, endsAt: iso },
  ]);
  for (let round = 0; round < 300; round += 1) {
    const bytes = Buffer.from(whole);
    for (let n = random.between(1, 4); n > 0; n -= 1) {
      bytes[random.between(0, bytes.length - 1)] = random.between(0, 255);
    }
    const headers = { "content-type": "application/json" };
    const body = new Uint8Array(bytes);
    const answer = await door.request("/api/v2/alerts", { method: "POST", body, headers });
    expect([200, 400]).toContain(answer.status);
    if (answer.status === 400) expect(typeof (await answer.json())).toBe("string");
    else expect(await answer.text()).toBe("");
  }
  const { received, accepted, rejected, failed } = door.intake.counters;
  expect([received, failed]).toEqual([accepted + rejected, 0]);
  const recorded = door.log.records.reduce((sum, { count }) => sum + count, 0);
  expect(recorded).toBe(received);
}, 30_000);
