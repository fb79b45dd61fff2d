/**
 * One run of the simulator: a stretch of load under faults, then faults end and the system must
 * come to rest within bounded virtual time, then the books are checked.
 */
import { check } from "./checkers.ts";
import { alive, disagreements, unfinished } from "./rest.ts";
import { buildSpine, type Spine } from "./spine.ts";
import { Workload } from "./workload.ts";
import { World } from "./world.ts";

export type SimResult = {
  seed: number;
  failure: string | null;
  /** What a person reads after a failure. */
  report: string;
  /** To see that a run was worth its time. */
  stats: { virtualMs: number; actions: number; records: number; owners: number };
};

const faultyMs = 60_000;
/** What was sent before faults ended lands within this time. */
const lateMsMax = 12_000;
/** Then every partition must have caught up within this time. */
const catchUpMsMax = 30_000;
/** Longer than every life of the simulated configuration together: all incidents retire. */
const restMsMax = 60_000;
const lookEveryMs = 1_000;
/** Looks at what readers see, and the pauses between them, before it counts as wrong. */
const looksMax = 20;
const lookAgainMs = 50;
const actionEveryMsMax = 600;
const disturbanceEveryMsMax = 8_000;

export async function simulate(seed: number): Promise<SimResult> {
  const world = new World(seed);
  const spine = buildSpine(world);
  const workload = new Workload(world, spine);
  const seats = [...spine.dedup, ...spine.incident];
  const { scheduler } = world;
  const startMs = scheduler.nowMs();

  workload.begin();
  for (const seat of seats) seat.start();
  everySoOften(world, actionEveryMsMax, () => workload.act());
  everySoOften(world, disturbanceEveryMsMax, () => disturb(world, spine));
  await scheduler.runUntil(() => world.failure !== null, startMs + faultyMs);
  if (world.failure === null) await converge(world, spine, workload);
  if (world.failure === null) {
    const violations = check(world, workload);
    if (violations.length > 0) world.fail(violations.join("\n"));
  }
  return {
    seed,
    failure: world.failure,
    report: world.report(),
    stats: {
      virtualMs: scheduler.nowMs() - startMs,
      actions: scheduler.steps,
      records: world.log.everStored("").length,
      owners: seats.reduce((sum, seat) => sum + seat.owners, 0),
    },
  };
}

/** Faults end: first everything catches up, then everything ends, and nothing is left. */
async function converge(world: World, spine: Spine, workload: Workload): Promise<void> {
  const { scheduler } = world;
  const failed = (): boolean => world.failure !== null;
  world.heal();
  for (const seat of [...spine.dedup, ...spine.incident]) seat.evictZombies();
  await scheduler.runUntil(failed, scheduler.nowMs() + lateMsMax);
  const caughtUp = (): boolean => failed() || unfinished(world, spine, workload).length === 0;
  if (!(await scheduler.runUntil(caughtUp, scheduler.nowMs() + catchUpMsMax))) {
    const left = unfinished(world, spine, workload).join("; ");
    world.fail(`not caught up ${lateMsMax + catchUpMsMax} ms after healing: ${left}`);
  }
  if (failed()) return;
  await reportDisagreements(world, spine);
  if (failed()) return;
  workload.finish();
  const restByMs = scheduler.nowMs() + restMsMax;
  // Nobody sends anything any more: only the system's own wakes move its time on.
  for (;;) {
    await scheduler.runUntil(failed, scheduler.nowMs() + lookEveryMs);
    if (failed()) return;
    const left = [...unfinished(world, spine, workload), ...alive(spine)];
    if (left.length === 0) return await reportDisagreements(world, spine);
    if (scheduler.nowMs() > restByMs) world.fail(`comes to no rest: ${left.join("; ")}`);
  }
}

/** A step that was stored a moment ago is not relayed yet: only what persists is wrong. */
async function reportDisagreements(world: World, spine: Spine): Promise<void> {
  const { scheduler } = world;
  const failed = (): boolean => world.failure !== null;
  let wrong = disagreements(world, spine);
  for (let look = 0; wrong.length > 0 && look < looksMax && !failed(); look += 1) {
    await scheduler.runUntil(failed, scheduler.nowMs() + lookAgainMs);
    wrong = disagreements(world, spine);
  }
  if (wrong.length > 0) world.fail(`readers are misled: ${wrong.slice(0, 5).join("; ")}`);
}

/** Repeats at random intervals until the world heals. */
function everySoOften(world: World, msMax: number, act: () => void): void {
  world.scheduler.schedule(world.random.between(1, msMax), () => {
    if (world.healed || world.failure !== null) return;
    act();
    everySoOften(world, msMax, act);
  });
}

function disturb(world: World, spine: Spine): void {
  const { random } = world;
  const seats = [...spine.dedup, ...spine.incident];
  const seat = random.pick(seats);
  const how = random.pick(["kill", "kill", "usurp", "stop", "kill all", "clock"] as const);
  world.note(`disturbance: ${how} ${seat.name}`);
  if (how === "kill") seat.kill();
  else if (how === "usurp") seat.usurp();
  else if (how === "stop") seat.stop();
  else if (how === "kill all") for (const each of seats) each.kill();
  else world.log.clockOffsetMs = random.between(-400, 0);
}
