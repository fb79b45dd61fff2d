/** Reads of dispatching and silences over a real server, with answers larger than a message. */
import { type NatsConnection, connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Dispatching } from "../actors/dispatch/dispatching.ts";
import type { Silence } from "../actors/dispatch/types.ts";
import { RetryableError, TerminalError } from "../runtime/errors.ts";
import type { Log } from "../runtime/ports.ts";
import { type NatsServer, startNatsServer } from "../testing/nats-server.ts";
import { codec } from "./codec.ts";
import { DispatchClient, answerDispatchQueries } from "./dispatch-client.ts";
import { connectOptions } from "./nats-connection.ts";
import { answerOwned, askOwner } from "./owner-request.ts";
import { workSubject } from "./subjects.ts";

let server: NatsServer;
let connection: NatsConnection;
beforeAll(async () => {
  server = await startNatsServer();
  connection = await connect(connectOptions(server.url, "test"));
});
afterAll(async () => {
  await connection.close();
  await server.stop();
});

const nowMs = Date.parse("2026-03-02T09:00:00Z");

function silence(id: string, comment: string): Silence {
  return {
    id,
    matchers: [{ label: "alertname", op: "=", value: "Down" }],
    ...{ startsAtMs: nowMs, endsAtMs: nowMs + 3_600_000, updatedAtMs: nowMs },
    ...{ createdBy: "ann", comment, annotations: {}, recurrence: null },
  };
}

const noLog = { append: () => Promise.reject(new Error("not used")) } as unknown as Log;

test("silences come in as many answers as they need", async () => {
  const dispatching = new Dispatching(0);
  const names = Array.from({ length: 120 }, (_, index) => `s${index + 100}`);
  for (const name of names) {
    dispatching.applySilence(silence(name, "x".repeat(100_000)), "", nowMs, () => {});
  }
  answerDispatchQueries(connection, 0, () => ({ dispatching, nowMs }));
  const client = new DispatchClient(connection, noLog, 1, () => 0);
  expect((await client.silences()).map(({ id }) => id)).toEqual(names);
});

test("statuses of alerts that many silences mute come in several answers", async () => {
  const dispatching = new Dispatching(1);
  const integration = { kind: "webhook", index: 0, sendResolved: true };
  const waits = { groupWaitMs: 1, groupIntervalMs: 1, repeatIntervalMs: 1 };
  const times = { muteTimeIntervals: [], activeTimeIntervals: [] };
  const root = { index: 0, receiver: "team", matchers: [], continue: false, groupBy: [] };
  const config = {
    route: { ...root, ...waits, ...times, routes: [] },
    ...{ inhibitRules: [], timeIntervals: {}, zones: {} },
    receivers: [{ name: "team", integrations: [integration] }],
  };
  dispatching.configure(config, nowMs, () => {});
  for (let index = 0; index < 700; index += 1) {
    dispatching.applySilence(silence(`silence-${index}`, ""), "", nowMs, () => {});
  }
  const labels = { alertname: "Down" };
  const alerts = Array.from({ length: 1_500 }, (_, index) => `${index}`);
  for (const fingerprint of alerts) {
    const body = { labels, annotations: {}, generatorURL: "", dedupKey: fingerprint };
    const event = { kind: "opened", fingerprint, received: 1, atMs: nowMs, body } as const;
    const span = { startsAtMs: nowMs, endsAtMs: nowMs + 1 };
    dispatching.applyAlert({ ...event, ...span }, nowMs, () => {});
  }
  answerDispatchQueries(connection, 1, () => ({ dispatching, nowMs }));
  const client = new DispatchClient(connection, noLog, 2, () => 1);
  const asked = alerts.map((fingerprint) => ({ fingerprint, domain: "d" }));
  const found = await client.alerts(asked);
  expect(found.size).toBe(alerts.length);
  expect([...found.values()].every(({ silencedBy }) => silencedBy.length === 700)).toBe(true);
});

test("an answer that is too large is refused and leaves the owner's connection", async () => {
  const huge = (size: number): { text: string } => ({ text: "x".repeat(size) });
  answerOwned(connection, "tocsin.test.huge", () => true, (_, size: number) => huge(size));
  const ask = (size: number): Promise<{ text: string }> =>
    askOwner(connection, "tocsin.test.huge", "the test", size);
  const bytesMax = connection.info?.max_payload ?? 0;
  await expect(ask(bytesMax)).rejects.toBeInstanceOf(TerminalError);
  // A query that is none is refused, too.
  const junk = await connection.request("tocsin.test.huge", new Uint8Array([0xc1]));
  expect(codec.decode(junk.data)).toMatchObject({ kind: "refused" });
  expect((await ask(10)).text).toHaveLength(10);
});

test("a silence is in force nowhere before the partition that shows it has it", async () => {
  const appended: string[] = [];
  const failing = {
    append: async (subject: string) => {
      appended.push(subject);
      throw new RetryableError("the log is out of reach");
    },
  } as unknown as Log;
  const client = new DispatchClient(connection, failing, 4, () => 0);
  await expect(client.keepSilence(silence("s1", ""))).rejects.toBeInstanceOf(RetryableError);
  expect(new Set(appended)).toEqual(new Set([workSubject(0)]));
});

test("a partition that did not take a silence at first gets the same one again", async () => {
  const partitions = [0, 1, 2].map(() => new Dispatching(0));
  let refusals = 1;
  const log = {
    append: async (subject: string, data: Uint8Array) => {
      const partition = Number(subject.split(".")[1]);
      const record = codec.decode(data) as { silence: Silence; replyTo: string };
      if (partition === 2 && refusals-- > 0) throw new RetryableError("no answer");
      partitions[partition]!.applySilence(record.silence, record.replyTo, nowMs, (output) => {
        if (output.kind !== "silence" || output.replyTo === "") return;
        connection.publish(output.replyTo, codec.encode({ taken: output.taken }));
      });
      return 1;
    },
  } as unknown as Log;
  const client = new DispatchClient(connection, log, 3, () => 0);
  expect(await client.keepSilence(silence("s1", ""))).toBe(true);
  expect(partitions.map(({ silences }) => silences.all().map(({ id }) => id))).toEqual([
    ["s1"],
    ["s1"],
    ["s1"],
  ]);
});
