/** Opsgenie's heartbeat API over HTTP, with requests as its SDK and shell scripts write them. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type SenderWorld, openSenderWorld } from "../../testing/sender-world.ts";

let world: SenderWorld;
beforeAll(async () => void (world = await openSenderWorld()));
afterAll(() => world.close());

const send = (method: string, path = "", body?: unknown) =>
  world.send(method, `/v2/heartbeats${path}`, body, { authorization: "GenieKey k" });
const backup = {
  ...{ name: "backup", description: "nightly", interval: 1, intervalUnit: "days", enabled: true },
  ...{ ownerTeam: { name: "dba" }, alertTags: "cron", alertPriority: "P2" },
};
const shown = {
  ...{ name: "backup", description: "nightly", interval: 1, intervalUnit: "days", enabled: true },
  ...{ ownerTeam: { id: "dba", name: "dba" }, alertTags: ["cron"], alertPriority: "P2" },
  ...{ alertMessage: "", expired: false, lastPingTime: null },
};

test("made, shown, pinged, changed, switched off and on, deleted", async () => {
  const made = await send("POST", "", backup);
  expect([made.status, made.body["data"]]).toEqual([201, shown]);
  expect((await send("POST", "", backup)).status).toBe(409);
  expect((await send("GET")).body["data"]).toEqual({ heartbeats: [shown] });
  for (const method of ["GET", "POST", "PUT"]) {
    const { status, body } = await send(method, "/backup/ping");
    expect([status, body["result"]]).toEqual([202, "PONG - Heartbeat received"]);
  }
  const { lastPingTime } = (await send("GET", "/backup")).body["data"] as typeof shown;
  expect(Math.abs(Date.now() - Date.parse(String(lastPingTime)))).toBeLessThan(10_000);
  const changed = await send("PATCH", "/backup", { interval: 2, alertMessage: "must run" });
  expect([changed.status, changed.body["data"]]).toEqual([
    200,
    { ...shown, interval: 2, alertMessage: "must run", lastPingTime },
  ]);
  const off = await send("POST", "/backup/disable");
  expect(off.body["data"]).toEqual({ name: "backup", enabled: false, expired: false });
  const on = await send("POST", "/backup/enable");
  expect(on.body["data"]).toEqual({ name: "backup", enabled: true, expired: false });
  const gone = await send("DELETE", "/backup");
  expect([gone.status, gone.body["result"]]).toEqual([202, "Deleted"]);
  for (const [method, path] of [
    ["GET", "/backup"],
    ["GET", "/backup/ping"],
    ["PATCH", "/backup"],
    ["POST", "/backup/enable"],
    ["DELETE", "/backup"],
  ] as const) {
    const body = method === "GET" ? undefined : {};
    expect([method, path, (await send(method, path, body)).status]).toEqual([method, path, 404]);
  }
});

test.each([
  [{ ...backup, name: "a b" }, ["name"]],
  [{ name: "x" }, ["interval", "intervalUnit"]],
  [{ ...backup, interval: 0 }, ["interval"]],
  [{ ...backup, interval: 367 }, ["interval"]],
  [{ ...backup, intervalUnit: "weeks" }, ["intervalUnit"]],
  [{ ...backup, enabled: "yes", alertPriority: "P0" }, ["alertPriority", "enabled"]],
  [{ ...backup, alertTags: [1], ownerTeam: "dba" }, ["alertTags", "ownerTeam"]],
])("refused with the names of the fields, case %#", async (body, fields) => {
  const answer = await send("POST", "", body);
  expect([answer.status, Object.keys(answer.body["errors"] as object).sort()]).toEqual([
    422,
    fields,
  ]);
  expect((await send("GET")).body["data"]).toEqual({ heartbeats: [] });
});
