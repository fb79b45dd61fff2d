/**
 * The same disasters as in crash.test.ts, at more than half of the program's peak rate: a flood
 * of repeats runs beside the firehose. How much of it is taken depends on the machine, which may
 * refuse as much as it likes; what was taken must be in the books, exactly.
 *
 * CRASH_FLOOD=alerts/s, CRASH_ROUNDS=n, CRASH_SEED=n.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../contracts/eventually.ts";
import { Random } from "../random.ts";
import { rows } from "./books.ts";
import { Firehose } from "./firehose.ts";
import { knownInLog, newInLog } from "./flood-books.ts";
import { Flood } from "./flood.ts";
import { suffer } from "./ordeal.ts";
import {
  reconcileEvents,
  reconcileFirehose,
  reconcilePages,
  reconcileSenders,
} from "./reconcile.ts";
import { Scene } from "./scene.ts";

const rounds = Number(process.env["CRASH_ROUNDS"] ?? 4);
const seed = Number(process.env["CRASH_SEED"] ?? Date.now() % 1_000_000);
const alertsPerSecond = Number(process.env["CRASH_FLOOD"] ?? 50_000);
const workers = 2;
/** Long enough to be at full rate again when the next disaster strikes. */
const calmMsMin = 800;
const calmMsMax = 1_800;
/** Until the flood is in again; where it is refused for longer, a disaster strikes all the same. */
const flowsWithinMs = 3_000;
const flowingShare = 0.25;
const lookEveryMs = 250;
/** ClickHouse works off hundreds of thousands of alerts in the background of everything else. */
const settledWithinMs = 120_000;
const msPerRoundMax = 90_000;

let scene: Scene;
let failed = true;

beforeAll(async () => {
  scene = await Scene.open("flood");
});

afterAll(() => scene?.close(failed, seed));

test(
  `${rounds} disasters in a flood of ${alertsPerSecond} alerts/s lose nothing and double nothing`,
  async () => {
    say(`CRASH_SEED=${seed} CRASH_ROUNDS=${rounds} CRASH_FLOOD=${alertsPerSecond}`);
    const random = new Random(seed);
    const firehose = new Firehose(seed, () => scene.url);
    const flood = new Flood(seed, alertsPerSecond, () => scene.url);
    const calm = new CalmRates(flood);
    firehose.start(workers);
    flood.start();
    await suffer(scene, firehose, {
      rounds,
      random,
      calm: async () => {
        await flows(flood);
        await calm.during(sleep(random.between(calmMsMin, calmMsMax)));
      },
    });
    await Promise.all([flood.stop(), firehose.stop()]);
    const { books } = flood;
    say(`${rounds} disasters; before they struck ${calm.text()}`);
    say(`in all ${total(flood)}; ${books.fresh} of them new; ${books.uncertain} uncertain`);
    expect([...flood.surprises, ...firehose.surprises]).toEqual([]);

    const stoppedMs = Date.now();
    await eventually(() => worthALook(books.acknowledged), settledWithinMs);
    await eventually(() => reconcileFirehose(scene.url, firehose), settledWithinMs);
    await eventually(() => reconcileFlood(flood), settledWithinMs);
    await eventually(() => reconcileEvents(scene), settledWithinMs);
    await reconcileSenders(scene.url);
    await reconcilePages(scene.url, scene.receiver);
    const seconds = ((Date.now() - stoppedMs) / 1000).toFixed(1);
    say(`lost 0, doubled 0; the books balanced ${seconds} s after the last alert`);
    expect(await scene.program.terminate(), scene.program.stderr()).toBe(0);
    failed = false;
  },
  rounds * msPerRoundMax + settledWithinMs,
);

/** Rates between the disasters, where the program could be at its best. */
class CalmRates {
  private readonly flood: Flood;
  private readonly counts = { sent: 0, accepted: 0, refused: 0 };
  private seconds = 0;

  constructor(flood: Flood) {
    this.flood = flood;
  }

  async during(stretch: Promise<void>): Promise<void> {
    const before = { ...this.flood.counts };
    const startMs = performance.now();
    await stretch;
    this.seconds += (performance.now() - startMs) / 1000;
    for (const kind of ["sent", "accepted", "refused"] as const) {
      this.counts[kind] += this.flood.counts[kind] - before[kind];
    }
  }

  text(): string {
    const { sent, accepted, refused } = this.counts;
    const rate = (count: number): number => Math.round(count / this.seconds);
    return `${rate(sent)} alerts/s sent, ${rate(accepted)} accepted, ${rate(refused)} refused`;
  }
}

/** After a disaster all senders may have been told to come back later. */
async function flows({ counts }: Flood): Promise<void> {
  const enough = counts.accepted + alertsPerSecond * flowingShare;
  const deadlineMs = Date.now() + flowsWithinMs;
  while (counts.accepted < enough && Date.now() < deadlineMs) await sleep(lookEveryMs / 5);
}

function total({ counts }: Flood): string {
  const { sent, accepted, refused, broken } = counts;
  return `${sent} alerts sent, ${accepted} accepted, ${refused} refused, ${broken} unanswered`;
}

/** A cheap question first: the others read the whole log. */
async function worthALook(acknowledged: number): Promise<void> {
  await sleep(lookEveryMs);
  const [log] = await rows<{ received: number }>(
    scene.url,
    "select toUInt32(sum(received)) as received from tocsin.alert_events",
  );
  expect(log?.received ?? 0).toBeGreaterThanOrEqual(acknowledged);
}

async function reconcileFlood({ books }: Flood): Promise<void> {
  await sleep(lookEveryMs);
  expect(books.faultsOfNew(await newInLog(scene.url))).toEqual([]);
  expect(books.faultsOfKnown(await knownInLog(scene.url))).toEqual([]);
}

function say(text: string): void {
  process.stderr.write(`flood test: ${text}\n`);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
