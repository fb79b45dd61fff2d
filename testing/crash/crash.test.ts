/**
 * The plug is pulled again and again in the middle of a firehose: all processes at once,
 * nats-server alone, or one shard thread. Nobody helps the program; at the end the books must
 * balance: nothing acknowledged is lost, nothing is counted or published twice.
 *
 * CRASH_ROUNDS=200 for more rounds, CRASH_SEED=n for the same moments again.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { IncidentView } from "../../actors/incident/types.ts";
import { eventually } from "../contracts/eventually.ts";
import { Random } from "../random.ts";
import { startWebhookReceiver, type WebhookReceiver } from "../webhook-receiver.ts";
import { incidents, publishedIds, rows } from "./books.ts";
import { Firehose } from "./firehose.ts";
import { killHard } from "./process-tree.ts";
import { Program, type ProgramOptions } from "./program.ts";

const rounds = Number(process.env["CRASH_ROUNDS"] ?? 20);
const seed = Number(process.env["CRASH_SEED"] ?? Date.now() % 1_000_000);
const workers = 3;
/** Requests that must get in between two disasters. */
const acceptedPerRound = 12;
/** A disaster strikes at a random moment of a stretch this long. */
const calmMsMax = 1_000;
const recoveredWithinMs = 45_000;
const settledWithinMs = 60_000;
const msPerRoundMax = 60_000;

const random = new Random(seed);
const disasters = ["everything", "nats-server", "one shard"] as const;

let dir = "";
let program: Program;
let receiver: WebhookReceiver;
let options: ProgramOptions;
let failed = true;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "tocsin-crash-"));
  receiver = await startWebhookReceiver();
  const configPath = join(dir, "tocsin.yaml");
  writeFileSync(configPath, configuration(receiver.url));
  options = { dataDir: join(dir, "data"), configPath, chaos: true };
  program = await Program.start(options);
});

afterAll(async () => {
  program?.kill9();
  await receiver?.stop();
  if (failed) process.stderr.write(`CRASH_SEED=${seed}; the data is kept in ${dir}\n`);
  else rmSync(dir, { recursive: true, force: true });
});

test(
  `${rounds} disasters in a firehose lose nothing and double nothing`,
  async () => {
    process.stderr.write(`crash test: CRASH_SEED=${seed} CRASH_ROUNDS=${rounds}\n`);
    const firehose = new Firehose(seed, () => program.url);
    firehose.start(workers);
    await until(() => firehose.accepted >= acceptedPerRound, "alerts get in");
    const taken = await acknowledgeOne();
    for (let round = 0; round < rounds; round++) {
      await sleep(random.between(0, calmMsMax));
      const disaster = round < 3 ? disasters[round] : random.pick(disasters);
      const before = await incidents(program.url);
      await strike(disaster ?? "everything");
      const accepted = firehose.accepted;
      await until(
        () => firehose.accepted >= accepted + acceptedPerRound,
        `alerts get in again after round ${round} (${disaster})`,
      );
      await program.ready(recoveredWithinMs);
      await eventually(async () => asBefore(before, await incidents(program.url)));
      expect((await incidents(program.url)).get(taken)?.acknowledged_by).toBe("night shift");
    }
    await firehose.stop();
    expect(firehose.surprises).toEqual([]);
    await eventually(() => reconcile(firehose), settledWithinMs);
    await eventually(reconcileEvents, settledWithinMs);
    await reconcilePages();
    expect(await program.terminate(), program.stderr()).toBe(0);
    failed = false;
  },
  rounds * msPerRoundMax,
);

/** Kills what the disaster says; only a program that is gone as a whole is started again. */
async function strike(disaster: (typeof disasters)[number]): Promise<void> {
  if (disaster === "everything") {
    program.kill9();
    await program.gone();
    program = await Program.start(options);
    return;
  }
  const status = await program.status();
  if (disaster === "nats-server") return killHard([status.nats.pid]);
  const shard = random.between(0, status.shards.length - 1);
  const url = `${program.url}/v1/chaos/shards/${shard}/kill`;
  const answer = await fetch(url, { method: "POST" });
  expect(answer.ok, `killing shard ${shard} answered ${answer.status}`).toBe(true);
}

/** Somebody takes one incident: that must never be forgotten. @returns its id. */
async function acknowledgeOne(): Promise<string> {
  let id = "";
  await eventually(async () => {
    id = [...(await incidents(program.url)).keys()][0] ?? "";
    expect(id).not.toBe("");
  });
  const answer = await fetch(`${program.url}/v1/incidents/${id}`, {
    method: "PATCH",
    headers: { "content-type": "application/json", "idempotency-key": "take-it" },
    body: JSON.stringify({ status: "acknowledged", by: "night shift" }),
  });
  expect(answer.status, await answer.text()).toBe(200);
  return id;
}

/** Every incident is still there, the same one, not set back. */
function asBefore(before: Map<string, IncidentView>, after: Map<string, IncidentView>): void {
  for (const [id, was] of before) {
    const is = after.get(id);
    expect(is, `${id} is gone`).toBeDefined();
    expect({ title: is?.title, created: is?.created_at, group: is?.group_key }).toEqual({
      title: was.title,
      created: was.created_at,
      group: was.group_key,
    });
    expect(is?.version ?? 0, id).toBeGreaterThanOrEqual(was.version);
    expect(is?.alert_count ?? 0, id).toBeGreaterThanOrEqual(was.alert_count);
    if (is?.version === was.version) expect(is).toEqual(was);
  }
}

/** I1, I6: the event log against what the senders know. */
async function reconcile(firehose: Firehose): Promise<void> {
  type Row = { name: string; received: number };
  const counted = await rows<Row>(
    program.url,
    `select names.name as name, toInt32(sum(received)) as received
       from tocsin.alert_events as events
       join (select fingerprint, any(labels['seq']) as name from tocsin.alert_events
              where kind in ('opened', 'changed') group by fingerprint) as names
         on events.fingerprint = names.fingerprint
      group by name`,
  );
  const received = new Map(counted.map((row) => [row.name, row.received]));
  const wrong: string[] = [];
  for (const name of firehose.acknowledged) {
    if (received.get(name) !== 1) wrong.push(`${name}: acknowledged, in ${received.get(name)}`);
  }
  for (const [name, count] of received) {
    const steady = firehose.series.get(name);
    if (steady === undefined) {
      if (count !== 1 || !firehose.sent.has(name)) wrong.push(`${name}: sent once, in ${count}`);
    } else if (count < steady.acknowledged || count > steady.sent) {
      wrong.push(`${name}: ${count} of ${steady.acknowledged} to ${steady.sent}`);
    }
  }
  for (const name of firehose.series.keys()) if (!received.has(name)) wrong.push(`${name}: lost`);
  expect(wrong.slice(0, 20)).toEqual([]);
}

/** I7: each incident event once in SQL, and the public ones once in the stream.
 * The log may still be on its way into SQL when its alerts are all there. */
async function reconcileEvents(): Promise<void> {
  type Row = { id: string; event: string };
  const events = await rows<Row>(
    program.url,
    `select concat(toString(partition), ':', toString(step_seq), ':', toString(idx)) as id, event
       from tocsin.incident_events`,
  );
  expect(new Set(events.map((row) => row.id)).size, "rows with one origin").toBe(events.length);
  expect(events.length).toBeGreaterThan(0);
  const expected = events.filter((row) => row.event !== "counted" && row.event !== "retired");
  const published = await publishedIds((await program.status()).nats.url);
  expect(new Set(published).size, "CloudEvents with one id").toBe(published.length);
  expect([...published].sort()).toEqual(expected.map((row) => row.id).sort());
}

/** Every page that was decided arrived at least once, and its key never meant two things. */
async function reconcilePages(): Promise<void> {
  type Row = { id: string; decided: number };
  const decided = await rows<Row>(
    program.url,
    `select notification_id as id, toInt32(count()) as decided
       from tocsin.notifications where event = 'decided' group by id`,
  );
  expect(decided.length, "notifications decided").toBeGreaterThan(0);
  expect(decided.filter((row) => row.decided !== 1)).toEqual([]);
  await eventually(() => {
    const arrived = new Set(
      receiver.deliveries.map((each) => String(each.headers["idempotency-key"])),
    );
    expect(decided.filter((row) => !arrived.has(row.id))).toEqual([]);
  }, settledWithinMs);
}

async function until(holds: () => boolean, what: string): Promise<void> {
  await eventually(() => {
    if (!holds()) throw new Error(`not so after ${recoveredWithinMs} ms: ${what}`);
  }, recoveredWithinMs);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Small and quick: roll-ups and pages within seconds, no alert ends by itself. */
function configuration(webhookUrl: string): string {
  return `
partitions: { dedup: 4, incident: 2 }
shards: 2
nats: { port: 0 }
ingest: { resolve_timeout: 12h }
dedup: { rollup_first: 1s, rollup_max: 2s }
receivers:
  - name: primary
    webhook: { url: "${webhookUrl}/primary" }
  - name: secondary
    webhook: { url: "${webhookUrl}/secondary" }
escalation_policies:
  - name: page
    levels:
      - { after: 0s, receivers: [primary] }
      - { after: 10s, receivers: [secondary] }
    repeats: 5
    repeat_after: 10s
rules:
  - { match: ['severity="critical"'], policy: page }
`;
}
