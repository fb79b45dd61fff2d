/**
 * The books must balance, whatever happened: the event log against what the senders know, the
 * public stream against the event log, the pages that arrived against those that were decided.
 */
import { expect } from "vitest";
import { eventually } from "../contracts/eventually.ts";
import type { WebhookReceiver } from "../webhook-receiver.ts";
import { manyRows, perAlert, publishedIds, rows } from "./books.ts";
import type { Firehose } from "./firehose.ts";
import type { Scene } from "./scene.ts";

const arrivedWithinMs = 60_000;
/** More of them say nothing more. */
const faultsShown = 20;

/** I1, I6: nothing that was acknowledged is lost, nothing is counted twice. */
export async function reconcileFirehose(url: string, firehose: Firehose): Promise<void> {
  type Row = { name: string; received: number };
  const counted = await manyRows<Row>(
    url,
    `select seq as name, toUInt32(sum(received)) as received
       from (${perAlert}) where seq != '' group by seq`,
    "name",
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
  expect(wrong.slice(0, faultsShown)).toEqual([]);
}

/** Whatever is in the log, a sender of these tests sent it, and none was refused for its form. */
export async function reconcileSenders(url: string): Promise<void> {
  const strangers = await rows(
    url,
    `select * from (${perAlert}) where seq = '' and flood = '' limit ${faultsShown}`,
  );
  expect(strangers, "alerts in the log that nobody sent").toEqual([]);
}

/** I7: each incident event once in SQL, and the public ones once in the stream.
 * The log may still be on its way into SQL when its alerts are all there. */
export async function reconcileEvents(scene: Scene): Promise<void> {
  const [total] = await rows<{ rows: number; origins: number }>(
    scene.url,
    `select toUInt32(count()) as rows, toUInt32(uniqExact(partition, step_seq, idx)) as origins
       from tocsin.incident_events`,
  );
  expect(total?.origins, "rows with one origin").toBe(total?.rows);
  const events = await manyRows<{ id: string }>(
    scene.url,
    `select concat(toString(partition), ':', toString(step_seq), ':', toString(idx)) as id
       from tocsin.incident_events where event not in ('counted', 'retired')`,
    "id",
  );
  expect(events.length).toBeGreaterThan(0);
  const published = await publishedIds((await scene.program.status()).nats.url);
  expect(new Set(published).size, "CloudEvents with one id").toBe(published.length);
  const left = new Set(published);
  const unpublished = events.filter(({ id }) => !left.delete(id)).map(({ id }) => id);
  expect(unpublished.slice(0, faultsShown), "rows that were not published").toEqual([]);
  expect([...left].slice(0, faultsShown), "CloudEvents that are no rows").toEqual([]);
}

/** Every page that was decided arrived at least once, and its key never meant two things. */
export async function reconcilePages(url: string, receiver: WebhookReceiver): Promise<void> {
  type Row = { id: string; decided: number };
  const decided = await rows<Row>(
    url,
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
  }, arrivedWithinMs);
}
