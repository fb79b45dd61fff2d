/** Services and what they depend on: a graph that failures travel through. */
import type { Dice } from "./dice.ts";

export const roles = [
  ...(["network", "dns", "storage", "nodes", "database", "cache", "queue"] as const),
  ...(["inference", "provider", "router", "worker", "api", "edge"] as const),
] as const;
export type Role = (typeof roles)[number];

export type Service = { name: string; role: Role; dependsOn: readonly string[] };

/** Services that a failure reaches, nearest first; `hop` counts edges from where it began. */
export type Reached = { service: Service; hop: number };

export const servicesMax = 2_000;

/**
 * Everything that depends on the service, directly or through others; not the service itself.
 * @throws Error when the graph has no such service.
 */
export function dependentsOf(graph: readonly Service[], name: string): Reached[] {
  const dependents = new Map<string, Service[]>();
  for (const service of graph) {
    for (const needed of service.dependsOn) {
      dependents.set(needed, [...(dependents.get(needed) ?? []), service]);
    }
  }
  return reach(graph, name, (service) => dependents.get(service.name) ?? []);
}

/**
 * Everything that the service needs, directly or through others; not the service itself.
 * @throws Error when the graph has no such service.
 */
export function dependenciesOf(graph: readonly Service[], name: string): Reached[] {
  const byName = new Map(graph.map((service) => [service.name, service]));
  return reach(graph, name, (service) =>
    service.dependsOn.flatMap((needed) => byName.get(needed) ?? []),
  );
}

function reach(
  graph: readonly Service[],
  name: string,
  next: (service: Service) => Service[],
): Reached[] {
  const origin = graph.find((service) => service.name === name);
  if (origin === undefined) throw new Error(`the graph has no service "${name}"`);
  const seen = new Set([origin]);
  const reached: Reached[] = [];
  let edge = [origin];
  for (let hop = 1; edge.length > 0; hop++) {
    const beyond: Service[] = [];
    for (const service of edge.flatMap(next)) {
      if (seen.has(service)) continue;
      seen.add(service);
      beyond.push(service);
      reached.push({ service, hop });
    }
    edge = beyond;
  }
  return reached;
}

/** From the ground up: each tier depends on those before it. The share is of all services. */
const tiers: readonly { role: Role; share: number }[] = [
  { role: "network", share: 0.01 },
  { role: "storage", share: 0.04 },
  { role: "nodes", share: 0.05 },
  { role: "database", share: 0.12 },
  { role: "cache", share: 0.08 },
  { role: "queue", share: 0.05 },
  { role: "inference", share: 0.1 },
  { role: "worker", share: 0.3 },
  { role: "api", share: 0.2 },
  { role: "edge", share: 0.05 },
];
const dependenciesMax = 6;

/**
 * An acyclic graph of so many services, in tiers as platforms grow them. Services that many
 * depend on already attract more, so that a few are needed by nearly all.
 * @param count 1 to `servicesMax`.
 * @throws RangeError when the count is out of bounds.
 */
export function generateGraph(dice: Dice, count: number): Service[] {
  if (!Number.isInteger(count) || count < 1 || count > servicesMax) {
    throw new RangeError(`a graph of ${count} services; expected 1 to ${servicesMax}`);
  }
  const graph: Service[] = [];
  /** A service once, and once more for each that depends on it. */
  const lots: string[] = [];
  let below: string[] = [];
  let share = 0;
  for (const tier of tiers) {
    share += tier.share;
    const end = tier === tiers.at(-1) ? count : Math.max(1, Math.round(share * count));
    const lotsBelow = lots.length;
    const own: string[] = [];
    while (graph.length < end) {
      const name = `${tier.role}-${String(graph.length).padStart(4, "0")}`;
      // One from the tier right below keeps the graph deep; the others are anywhere below.
      const needed = new Set(below.length > 0 ? [dice.pick(below)] : []);
      const further = lotsBelow === 0 ? 0 : dice.below(dependenciesMax);
      for (let n = 0; n < further; n++) needed.add(lots[dice.below(lotsBelow)] as string);
      graph.push({ name, role: tier.role, dependsOn: [...needed] });
      own.push(name);
    }
    for (const service of graph.slice(graph.length - own.length)) {
      lots.push(service.name, ...service.dependsOn);
    }
    if (own.length > 0) below = own;
  }
  return graph;
}
