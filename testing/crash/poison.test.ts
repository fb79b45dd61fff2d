/**
 * A record that no stage can read: its partition dies of it three times, sends it to the
 * dead-letter stream with the error, and goes on, across a restart too; nobody has to do
 * anything and no other alert is lost.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { afterEach, beforeEach, expect, test } from "vitest";
import { codec } from "../../streams/codec.ts";
import { streamNames } from "../../streams/subjects.ts";
import { eventually } from "../contracts/eventually.ts";
import { Program } from "./program.ts";

let dir = "";
let program: Program | null = null;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tocsin-poison-"));
});

afterEach(() => {
  program?.kill9();
  rmSync(dir, { recursive: true, force: true });
});

async function send(url: string, pod: string): Promise<void> {
  const alerts = Array.from({ length: 8 }, (_, index) => ({
    labels: { alertname: "Poisoned", service: "kitchen", pod: `${pod}-${index}` },
  }));
  const answer = await fetch(`${url}/v1/alerts`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(alerts),
  });
  expect(answer.status).toBe(200);
}

async function fingerprints(url: string): Promise<number> {
  const page = await (await fetch(`${url}/v1/incidents`)).json();
  return (page as { items: { fingerprint_count: number }[] }).items[0]?.fingerprint_count ?? 0;
}

test("a record that nobody can read ends as a dead letter, and the partition goes on", async () => {
  const configPath = join(dir, "tocsin.yaml");
  writeFileSync(configPath, "nats: { port: 0 }\npartitions: { dedup: 1, incident: 1 }\n");
  const options = { dataDir: join(dir, "data"), configPath, chaos: false };
  program = await Program.start(options);
  await send(program.url, "before");
  const connection = await connect({ servers: (await program.status()).nats.url });
  const { seq } = await jetstream(connection).publish("in.0", new Uint8Array([0xf1, 9, 9]));
  await send(program.url, "after");

  const manager = await jetstreamManager(connection);
  await eventually(async () => {
    const found = await manager.streams.getMessage(streamNames.dead, {
      last_by_subj: "dead.dedup.0",
    });
    const letter = codec.decode(found?.data ?? new Uint8Array()) as Record<string, unknown>;
    expect(letter).toMatchObject({ subject: "in.0.0", seq, deaths: 3 });
    expect(letter["error"]).toContain("corrupt frame");
    expect(Array.from(letter["data"] as Uint8Array)).toEqual([0xf1, 9, 9]);
  }, 20_000);
  await program.ready(20_000);
  await eventually(async () => expect(await fingerprints(program?.url ?? "")).toBe(16), 20_000);

  await connection.close();
  program.kill9();
  await program.gone();
  program = await Program.start(options);
  await eventually(async () => expect(await fingerprints(program?.url ?? "")).toBe(16), 20_000);
  const again = await connect({ servers: (await program.status()).nats.url });
  const letters = await (await jetstreamManager(again)).streams.info(streamNames.dead);
  expect(letters.state.messages).toBe(1);
  await again.close();
}, 90_000);
