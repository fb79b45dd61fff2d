/**
 * The simulated world of one run: virtual time, the servers, the faults in force, and a trace of
 * what happened last, which is what one reads when a seed fails.
 */
import type { LaneTrackers } from "../../runtime/lane-log.ts";
import { Random } from "../random.ts";
import { SimScheduler } from "../sim-clock.ts";
import { noFaults, SimLink, type Faults } from "../sim-link.ts";
import { SimLogServer } from "../sim-log.ts";
import { SimSnapshotsServer } from "../sim-snapshots.ts";
import { SimStateServer } from "../sim-state.ts";
import { SimTimersServer } from "../sim-timers.ts";

export const dedupPartitions = 2;
export const incidentPartitions = 2;

const traceLinesMax = 60;
const startMs = Date.UTC(2026, 0, 1);

export class World {
  readonly seed: number;
  readonly random: Random;
  readonly scheduler = new SimScheduler(startMs);
  readonly log = new SimLogServer(this.scheduler);
  readonly timers = new SimTimersServer();
  readonly state = new SimStateServer();
  readonly snapshots = new SimSnapshotsServer();
  /** Lanes that the dedup partitions share, and what is known of them, by whomever. */
  readonly lanes: number;
  readonly laneTrackers: LaneTrackers = new Map();
  readonly faults: { current: Faults };
  healed = false;
  /** Why the run failed; the first reason counts. */
  failure: string | null = null;
  private trace: string[] = [];

  constructor(seed: number) {
    this.seed = seed;
    this.random = new Random(seed);
    this.faults = { current: swarm(this.random) };
    this.lanes = seed % 2 === 0 ? 1 : dedupPartitions;
  }

  /** A program's line to the servers; without `onCrash` the program does not die by itself. */
  link(name: string, onCrash?: () => void): SimLink {
    const died = (where: string): void => {
      this.note(`${name} crashed ${where}`);
      onCrash?.();
    };
    const random = this.random.fork();
    return new SimLink(name, this.scheduler, random, this.faults, onCrash ? died : null);
  }

  /** Faults end; what was sent before may still arrive late. */
  heal(): void {
    this.note("healed");
    this.healed = true;
    this.faults.current = noFaults;
    this.log.clockOffsetMs = 0;
  }

  note(event: string): void {
    const seconds = ((this.scheduler.nowMs() - startMs) / 1_000).toFixed(3);
    this.trace.push(`${seconds.padStart(9)} ${event}`);
    if (this.trace.length > traceLinesMax) this.trace.shift();
  }

  fail(reason: string): void {
    if (this.failure === null) this.note(`FAILED: ${reason}`);
    this.failure ??= reason;
  }

  /** For a person: how to see it again, why, and what led to it. */
  report(): string {
    return [`SEED=${this.seed}`, this.failure ?? "no failure", "", ...this.trace].join("\n");
  }
}

/**
 * Faults that differ from seed to seed in kind, not only in place: a world with every fault at
 * once hides the bugs that need a quiet stretch.
 */
function swarm(random: Random): Faults {
  const sometimes = (probability: number): number =>
    random.chance(0.6) ? probability * random.next() : 0;
  return {
    crash: sometimes(0.01),
    lostRequest: sometimes(0.03),
    lostResponse: sometimes(0.03),
    lateEffect: sometimes(0.02),
    stall: sometimes(0.03),
    delayMaxMs: random.pick([1, 5, 30]),
    stallMaxMs: random.pick([200, 2_000, 8_000]),
    timeoutMs: random.pick([500, 2_000]),
  };
}
