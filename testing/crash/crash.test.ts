/**
 * The plug is pulled again and again in the middle of a firehose: all processes at once,
 * nats-server alone, or one shard thread. Nobody helps the program; at the end the books must
 * balance: nothing acknowledged is lost, nothing is counted or published twice.
 *
 * CRASH_ROUNDS=200 for more rounds, CRASH_SEED=n for the same moments again. The same at speed:
 * flood.test.ts.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../contracts/eventually.ts";
import { Random } from "../random.ts";
import { Firehose } from "./firehose.ts";
import { suffer } from "./ordeal.ts";
import {
  reconcileEvents,
  reconcileFirehose,
  reconcilePages,
  reconcileSenders,
} from "./reconcile.ts";
import { Scene } from "./scene.ts";

const rounds = Number(process.env["CRASH_ROUNDS"] ?? 20);
const seed = Number(process.env["CRASH_SEED"] ?? Date.now() % 1_000_000);
const workers = 3;
/** A disaster strikes at a random moment of a stretch this long. */
const calmMsMax = 1_000;
const settledWithinMs = 60_000;
const msPerRoundMax = 60_000;

let scene: Scene;
let failed = true;

beforeAll(async () => {
  scene = await Scene.open("crash");
});

afterAll(() => scene?.close(failed, seed));

test(
  `${rounds} disasters in a firehose lose nothing and double nothing`,
  async () => {
    process.stderr.write(`crash test: CRASH_SEED=${seed} CRASH_ROUNDS=${rounds}\n`);
    const random = new Random(seed);
    const firehose = new Firehose(seed, () => scene.url);
    firehose.start(workers);
    const calm = () => sleep(random.between(0, calmMsMax));
    await suffer(scene, firehose, { rounds, random, calm });
    await firehose.stop();
    expect(firehose.surprises).toEqual([]);
    await eventually(() => reconcileFirehose(scene.url, firehose), settledWithinMs);
    await eventually(() => reconcileEvents(scene), settledWithinMs);
    await reconcileSenders(scene.url);
    await reconcilePages(scene.url, scene.receiver);
    expect(await scene.program.terminate(), scene.program.stderr()).toBe(0);
    failed = false;
  },
  rounds * msPerRoundMax,
);

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
