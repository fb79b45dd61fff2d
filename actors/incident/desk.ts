/**
 * The desk: everything one incident partition has in memory. It owns the incidents and the
 * indexes over them, and keeps these two in agreement; what happens to an incident is decided
 * elsewhere (alerts.ts, commands.ts, transitions.ts).
 *
 * D1 A fingerprint belongs to at most one incident: the last one it fired in.
 * D2 A grouping key leads to the incident that claimed it last.
 * D3 Correlation rules know exactly the open incidents.
 * D4 Correlation rules are a function of the open incidents and the configuration: rebuilt
 *    ones answer as those that grew.
 */
import { CoOccurrence } from "../correlation/co-occurrence.ts";
import type { CorrelationRule } from "../correlation/rule.ts";
import { Topology } from "../correlation/topology.ts";
import { CommandMemory } from "./command-memory.ts";
import type { Incident } from "./incident.ts";
import { aliasesMax } from "./incident.ts";
import { isOpen } from "./lifecycle.ts";
import { Membership } from "./membership.ts";
import type { PolicyChoice } from "./routing.ts";
import { compileRules } from "./routing.ts";
import { ScopedIndex } from "./scoped-index.ts";
import type { IncidentConfig } from "./types.ts";

/**
 * Incidents in memory per partition. Above it a new alert joins its domain's overflow incident,
 * so that a flood of unrelated alerts costs members, not incidents.
 */
export const incidentsMax = 200_000;

export class Desk {
  readonly partition: number;
  config: IncidentConfig;
  choosePolicy: PolicyChoice;
  /** In order of creation. */
  readonly incidents = new Map<string, Incident>();
  readonly members: Membership;
  readonly commands = new CommandMemory();
  rules: CorrelationRule<Incident>[] = [];
  /** Incidents opened since the partition began. */
  serial = 0;
  #groups = new ScopedIndex<Incident>();

  /** @param seed 32 bits that senders cannot know; no decision depends on them. */
  constructor(partition: number, config: IncidentConfig, seed: number) {
    this.partition = partition;
    this.config = config;
    this.members = new Membership(seed);
    this.choosePolicy = compileRules(config);
    this.#rebuildRules();
  }

  /** Rules for what opens from now on; open incidents keep their policies (I11). */
  configure(config: IncidentConfig): void {
    if (config.hash === this.config.hash) return;
    this.config = config;
    this.choosePolicy = compileRules(config);
    this.#rebuildRules();
  }

  /** Takes in a new incident; its fingerprints follow one by one (`enrol`). */
  add(incident: Incident): void {
    this.restore(incident, [incident.groupKey]);
  }

  /** Takes in an incident that is found under these of its grouping keys. */
  restore(incident: Incident, keys: string[]): void {
    this.incidents.set(incident.id, incident);
    for (const key of keys) this.#groups.set(scopeOf(incident), key, incident);
    this.relate(incident);
  }

  /** Those of its grouping keys that no other incident has claimed since. */
  keysOf(incident: Incident): string[] {
    const keys = [incident.groupKey, ...(incident.aliases ?? [])];
    return keys.filter((key) => this.byGroupKey(incident, key) === incident);
  }

  /** Forgets the incident and all that leads to it. */
  drop(incident: Incident): void {
    this.unrelate(incident);
    for (const key of this.keysOf(incident)) this.#groups.delete(scopeOf(incident), key);
    this.members.drop(incident);
    this.incidents.delete(incident.id);
  }

  byGroupKey(of: { tenant: string; environment: string }, key: string): Incident | undefined {
    return this.#groups.get(scopeOf(of), key);
  }

  /** From now on alerts of this grouping key belong to the incident. */
  claim(incident: Incident, key: string): void {
    if (this.byGroupKey(incident, key) === incident) return;
    if (key !== incident.groupKey && !incident.aliases?.includes(key)) {
      incident.aliases ??= [];
      if (incident.aliases.length >= aliasesMax) return;
      incident.aliases.push(key);
    }
    this.#groups.set(scopeOf(incident), key, incident);
  }

  /** Tells the correlation rules of an open incident, or of a new alert in it. */
  relate(incident: Incident): void {
    if (!isOpen(incident.status)) return;
    for (const rule of this.rules) rule.add(incident);
  }

  /** Before an incident's labels change, and once it is no longer open. */
  unrelate(incident: Incident): void {
    for (const rule of this.rules) rule.remove(incident);
  }

  /** D1: moves the fingerprint here if it fired elsewhere before, and counts it as firing. */
  enrol(incident: Incident, fingerprint: string): void {
    const known = this.members.ownerOf(fingerprint);
    if (known !== undefined && this.members.isFiring(fingerprint)) known.firingCount -= 1;
    this.members.join(incident, fingerprint);
    incident.firingCount += 1;
  }

  /** D1, for a merge: all that belongs to `from` belongs to `to`. */
  moveMembers(from: Incident, to: Incident): void {
    this.members.move(from, to);
    to.alertCount += from.alertCount;
    to.firingCount += from.firingCount;
    from.alertCount = 0;
    from.firingCount = 0;
  }

  #rebuildRules(): void {
    const { correlation } = this.config;
    this.rules = [];
    // What depends on what is better evidence than what happened at the same time.
    if (correlation.topology) this.rules.push(new Topology<Incident>(correlation.topology));
    if (correlation.enabled) this.rules.push(new CoOccurrence<Incident>(correlation));
    for (const incident of this.incidents.values()) this.relate(incident);
  }
}

function scopeOf(of: { tenant: string; environment: string }): string {
  return `${of.tenant}\u0000${of.environment}`;
}
