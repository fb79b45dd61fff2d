/**
 * Bounded concurrency with a lane per receiver, so that a slow receiver holds up only itself.
 * Pure bookkeeping: it says what may start; the caller starts it and says when it is over.
 *
 * L1 Never more than `activeMax` items run, nor more than `activePerLaneMax` of one lane.
 * L2 Never more than `parkedMax` items wait, nor more than `parkedPerLaneMax` of one lane.
 * L3 Lanes that wait take turns; within a lane the order of arrival holds.
 * L4 A lane without items costs no memory.
 */
export type LaneLimits = {
  activeMax: number;
  activePerLaneMax: number;
  parkedMax: number;
  parkedPerLaneMax: number;
};

export const defaultLaneLimits: LaneLimits = {
  activeMax: 32,
  activePerLaneMax: 4,
  parkedMax: 1_024,
  parkedPerLaneMax: 64,
};

type Lane<Item> = { active: number; parked: Item[] };

export class Lanes<Item> {
  #limits: LaneLimits;
  /** In order of turn: the lane that started an item last is the last. */
  #lanes = new Map<string, Lane<Item>>();
  #active = 0;
  #parked = 0;

  constructor(limits: LaneLimits) {
    this.#limits = limits;
  }

  get active(): number {
    return this.#active;
  }

  get parked(): number {
    return this.#parked;
  }

  /** "start": the caller runs it now; "full": the caller must put it elsewhere. */
  offer(name: string, item: Item): "start" | "parked" | "full" {
    const { activeMax, activePerLaneMax, parkedMax, parkedPerLaneMax } = this.#limits;
    const lane = this.#lanes.get(name) ?? { active: 0, parked: [] };
    if (this.#active < activeMax && lane.active < activePerLaneMax && lane.parked.length === 0) {
      this.#start(name, lane);
      return "start";
    }
    if (this.#parked >= parkedMax || lane.parked.length >= parkedPerLaneMax) return "full";
    lane.parked.push(item);
    this.#parked++;
    this.#lanes.set(name, lane);
    return "parked";
  }

  /** An item of the lane is over. Returns the item that may start in its place, if any. */
  release(name: string): Item | null {
    const lane = this.#lanes.get(name);
    if (lane === undefined || lane.active === 0) throw new Error(`lane ${name} runs nothing`);
    lane.active--;
    this.#active--;
    if (lane.active === 0 && lane.parked.length === 0) this.#lanes.delete(name);
    for (const [other, candidate] of this.#lanes) {
      if (candidate.active >= this.#limits.activePerLaneMax) continue;
      const item = candidate.parked.shift();
      if (item === undefined) continue;
      this.#parked--;
      this.#start(other, candidate);
      return item;
    }
    return null;
  }

  /** Takes out everything that waits. */
  drainParked(): Item[] {
    const items = [...this.#lanes.values()].flatMap((lane) => lane.parked.splice(0));
    for (const [name, lane] of this.#lanes) if (lane.active === 0) this.#lanes.delete(name);
    this.#parked = 0;
    return items;
  }

  #start(name: string, lane: Lane<Item>): void {
    lane.active++;
    this.#active++;
    this.#lanes.delete(name);
    this.#lanes.set(name, lane);
  }
}
