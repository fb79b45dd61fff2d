/**
 * Collects garbage once a thread has come to rest, and closes the gaps in its heap. The engine
 * collects as memory grows; after a storm nothing grows any more, and what the storm left behind
 * (old snapshots, network reads, half-empty pages) would stay resident for hours: as much again
 * as the alerts themselves take.
 *
 * G1 A thread that works is left alone: the engine's own pace is right for it.
 * G2 There is no collection without `growthBytesMin` of growth since the last one, so a quiet
 *    thread does not pay for others, and pays nothing at all while nothing happens.
 */
import { performance } from "node:perf_hooks";
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** A collection takes some ms for each MB alive, so it has to be worth it. */
const growthBytesMin = 32 * 1024 * 1024;
/** Of the time since the last look; above it the thread works. */
const busyShareMax = 0.25;
const lookEveryMs = 500;

export class IdleCollector {
  readonly #heldBytes: () => number;
  readonly #collect: () => void;
  #keptBytes = 0;

  /** @param options.heldBytes what is resident for this thread, garbage and gaps included. */
  constructor(options: { heldBytes(): number; collect(): void }) {
    this.#heldBytes = options.heldBytes;
    this.#collect = options.collect;
    this.#keptBytes = this.#heldBytes();
  }

  /** @param busyShare the part of the time since the last look that the thread worked. */
  look(busyShare: number): void {
    const heldBytes = this.#heldBytes();
    // The engine may have given back more than we had.
    this.#keptBytes = Math.min(this.#keptBytes, heldBytes);
    if (busyShare > busyShareMax || heldBytes - this.#keptBytes < growthBytesMin) return;
    this.#collect();
    this.#keptBytes = this.#heldBytes();
  }
}

/** For the calling thread. @returns what ends it. */
export function collectWhenIdle(): () => void {
  // The engine offers its collector to contexts that are made after this.
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as (options: { type: string; flavor: string }) => void;
  // Other flavors leave the gaps.
  const collect = (): void => gc({ type: "major", flavor: "last-resort" });
  const heldBytes = (): number => {
    const { total_physical_size: heapBytes, external_memory: externalBytes } = getHeapStatistics();
    return heapBytes + externalBytes;
  };
  const collector = new IdleCollector({ heldBytes, collect });
  let last = performance.eventLoopUtilization();
  const looking = setInterval(() => {
    const now = performance.eventLoopUtilization();
    collector.look(performance.eventLoopUtilization(now, last).utilization);
    last = now;
  }, lookEveryMs);
  looking.unref();
  return () => clearInterval(looking);
}
