/**
 * From a calibration and a demand to cores, shards, nodes, memory and disk. Pure arithmetic: each
 * figure is a measured cost times a demanded rate, divided by what a node may be used for.
 *
 * P1 More of anything (rate, fingerprints, hours) never needs less of anything.
 * P2 Every answer says what it rests on: measured here, fitted, or assumed.
 */
import type { Calibration } from "./calibration.ts";
import { type CoreScaling, coreScaling, effectiveCores } from "./core-scaling.ts";
import { type Demand, diskNeeds, type DiskNeeds } from "./disk-plan.ts";
import { mix, total } from "./self-check.ts";

export type Basis = "measured" | "fitted" | "assumed";

/** What one node can sustain at the utilisation asked for, by what would stop it. */
export type Limit = {
  name: "cores" | "door" | "sink" | "shards" | "input log";
  /** Of one node. */
  perSecond: number;
  basis: Basis;
  /** The whole demand over its nodes, as a share of what they sustain; above 1: does not fit. */
  load: number;
  fits: boolean;
};

export type Plan = {
  demand: Demand;
  /** Cores in all to be at most as busy as asked for; without the spare node. */
  cores: number;
  /** Cores that the work keeps busy on average. */
  busyCores: number;
  /** Nodes that carry the rate, and with one more for a failure. */
  nodes: number;
  nodesWithSpare: number;
  shardsPerNode: number;
  partitionsPerNode: number;
  /** The busiest shard's share of a node's partitions. */
  busiestShardShare: number;
  memoryBytesPerNode: number;
  disk: DiskNeeds;
  limits: Limit[];
  /** The limit that is nearest. */
  binding: Limit;
  /**
   * What the nodes sustain at the utilisation asked for, and what would saturate them; as long as
   * their logs have room.
   */
  sustainedPerSecond: number;
  saturatedPerSecond: number;
  scaling: CoreScaling;
};

/** The share of a node's partitions that the busiest of its shards has. */
export type BusiestShare = (shards: number, partitions: number) => number;

/** Of memory and disk: what is left for other things, merges and growth. */
export const fillMax = 0.8;
const partitionsMax = 256;
/** More threads than cores help where the busiest one has more than its part. */
const shardsPerCoreMax = 2;

export function plan(
  calibration: Calibration,
  demand: Demand,
  busiestShare: BusiestShare,
): Plan {
  const scaling = coreScaling(calibration.coreCounts);
  const rates = perNodeRates(calibration, demand, scaling);
  const { alertsPerSecond: rate, coresPerNode, utilisation } = demand;
  const nodes = Math.max(1, ...rates.map(({ perSecond }) => Math.ceil(rate / perSecond)));
  const used = Math.min(nodes, demand.nodesMax ?? nodes);
  const cost = mix(calibration.cpu.repeated, calibration.cpu.fresh, demand.repeatShare);
  const shards = shardsFor((rate / nodes) * cost.shards, demand, calibration, busiestShare);
  const disk = diskNeeds(calibration, demand, nodes);
  const memoryBytesPerNode = memoryNeed(calibration, demand.fingerprints / nodes);
  const limit = (each: Rate, perNode = rate / used): Limit => {
    const load = each.perSecond === 0 ? Number.POSITIVE_INFINITY : perNode / each.perSecond;
    return { ...each, load, fits: load <= 1 + rounding };
  };
  const limits = [
    ...rates.map((each) => limit(each)),
    limit({
      name: "shards",
      perSecond: (utilisation / shards.share) / Math.max(cost.shards, tiny),
      basis: "measured",
    }),
    ...disk.limits.map((each) => limit(each)),
  ].sort((a, b) => b.load - a.load);
  const [binding = limits[0] as Limit] = limits;
  const busy = limits.filter(({ name }) => name !== "input log");
  const sustained = Math.min(...busy.map(({ perSecond }) => perSecond)) * used;
  const coreRate = rates[0]?.perSecond ?? 0;
  return {
    demand,
    cores: Math.max(1, Math.ceil((rate / coreRate) * coresPerNode - rounding)),
    busyCores: rate * total(cost),
    nodes,
    nodesWithSpare: nodes + 1,
    shardsPerNode: shards.shards,
    partitionsPerNode: shards.partitions,
    busiestShardShare: shards.share,
    memoryBytesPerNode,
    disk,
    limits,
    binding,
    sustainedPerSecond: sustained,
    saturatedPerSecond: sustained / utilisation,
    scaling,
  };
}

type Rate = Pick<Limit, "name" | "perSecond" | "basis">;

const tiny = 1e-12;
const rounding = 1e-9;

/** What more nodes help with. The first is that of the cores. */
function perNodeRates(
  { cpu, machine }: Calibration,
  { repeatShare, utilisation, coresPerNode }: Demand,
  scaling: CoreScaling,
): Rate[] {
  const cost = mix(cpu.repeated, cpu.fresh, repeatShare);
  const effective = effectiveCores(scaling, coresPerNode, machine.cores);
  const basis: Basis = coresPerNode === machine.cores ? "measured" : scaling.kind;
  const rates: Rate[] = [
    { name: "cores", perSecond: (utilisation * effective) / Math.max(total(cost), tiny), basis },
  ];
  if (!cpu.byThread) return rates;
  for (const name of ["door", "sink"] as const) {
    rates.push({ name, perSecond: utilisation / Math.max(cost[name], tiny), basis: "measured" });
  }
  return rates;
}

type Shards = { shards: number; partitions: number; share: number };

/**
 * The fewest shards whose busiest one is not busier than asked for. Partitions are dealt out by
 * hashing, so a few shards more than the work alone asks for; and more partitions than the
 * default when with those no number of shards would do.
 */
function shardsFor(
  busyCores: number,
  { utilisation, coresPerNode }: Demand,
  { limits }: Calibration,
  busiestShare: BusiestShare,
): Shards {
  let best: Shards = { shards: 1, partitions: limits.partitions, share: 1 };
  for (let partitions = limits.partitions; partitions <= partitionsMax; partitions *= 2) {
    const shardsMost = Math.min(partitions, coresPerNode * shardsPerCoreMax);
    // Even dealt out evenly, fewer would not do.
    const shardsLeast = Math.min(shardsMost, Math.max(1, Math.ceil(busyCores / utilisation)));
    for (let shards = shardsLeast; shards <= shardsMost; shards += 1) {
      const share = busiestShare(shards, partitions);
      if (busyCores * share <= utilisation) return { shards, partitions, share };
      if (share < best.share) best = { shards, partitions, share };
    }
  }
  return best;
}

export function memoryNeed({ memory }: Calibration, fingerprints: number): number {
  const { idleBytes, perFingerprintBytes, burstBytes, enginesBytes } = memory;
  return (idleBytes + enginesBytes + burstBytes + fingerprints * perFingerprintBytes) / fillMax;
}
