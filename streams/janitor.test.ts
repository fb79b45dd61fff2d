/** Against a real nats-server: what the janitor takes, and what it must not. */
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeEach, expect, test } from "vitest";
import { systemClock } from "../runtime/system-clock.ts";
import { silentLog } from "../testing/ingress-door.ts";
import { startNatsServer } from "../testing/nats-server.ts";
import { type JanitorOptions, sweepSteps } from "./janitor.ts";
import { connectOptions } from "./nats-connection.ts";
import { NatsLink } from "./nats-link.ts";
import { stepSubject, streamNames } from "./subjects.ts";
import { createTopology, defaultTopology } from "./topology.ts";

const stepBytesMax = 1024 * 1024;
const weekMs = 7 * 24 * 3_600_000;
const server = await startNatsServer();
const connection = await connect(connectOptions(server.url, "test"));
const jsm = await jetstreamManager(connection);
await createTopology(connection, { ...defaultTopology, stepBytesMax });

afterAll(async () => {
  await connection.close();
  await server.stop();
});

beforeEach(() => jsm.streams.purge(streamNames.steps));

/** @returns the sequence of the last one. */
async function steps(count: number, partition: number): Promise<number> {
  let seq = 0;
  for (let n = 0; n < count; n += 1) {
    const subject = stepSubject("dedup", partition);
    ({ seq } = await jetstream(connection).publish(subject, new Uint8Array(8_000)));
  }
  return seq;
}

const janitor = (covered: number[], sunk: number, keptMs = weekMs): JanitorOptions => ({
  link: new NatsLink(connection),
  clock: systemClock,
  logger: silentLog,
  stepRetentionMs: keptMs,
  covered: () =>
    covered.map((stepSeq, partition) => ({ stage: "dedup" as const, partition, stepSeq })),
  sunkSeq: () => sunk,
});

const stored = async () => (await jsm.streams.info(streamNames.steps)).state;

test("young steps stay while the log has room", async () => {
  const last = await steps(20, 0);
  await sweepSteps(janitor([last], last), jsm);
  expect((await stored()).messages).toBe(20);
});

test("steps older than the retention go, up to what snapshot and sink have", async () => {
  const last = await steps(20, 0);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const young = await steps(1, 0);
  await sweepSteps(janitor([last - 5], last - 10, 40), jsm);
  expect((await stored()).first_seq).toBe(last - 10);
  await sweepSteps(janitor([young], young, 40), jsm);
  expect((await stored()).messages).toBe(1);
});

test("a log that is more than half full loses its oldest, however young", async () => {
  await steps(60, 0);
  const last = await steps(60, 1);
  expect((await stored()).bytes).toBeGreaterThan(stepBytesMax * 0.8);
  await sweepSteps(janitor([last, last], last), jsm);
  const { bytes, last_seq } = await stored();
  expect(last_seq).toBe(last);
  expect(bytes).toBeLessThan(stepBytesMax * 0.55);
  expect(bytes).toBeGreaterThan(stepBytesMax * 0.4);
});

test("what no snapshot covers, or ClickHouse does not hold, stays even then", async () => {
  const last = await steps(120, 0);
  await sweepSteps(janitor([last], last - 115), jsm);
  expect((await stored()).first_seq).toBe(last - 115);
  await sweepSteps(janitor([last - 112], last), jsm);
  expect((await stored()).first_seq).toBe(last - 112);
});
