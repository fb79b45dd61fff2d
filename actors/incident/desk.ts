/**
 * The desk: everything one incident partition has in memory. It owns the incidents and the
 * indexes over them, and keeps these two in agreement; what happens to an incident is decided
 * elsewhere (alerts.ts, commands.ts, transitions.ts).
 *
 * D1 A fingerprint belongs to at most one incident: the last one it fired in.
 * D2 A grouping key leads to the incident that claimed it last.
 * D3 Correlation knows exactly the open incidents.
 */
import { Correlator } from "../correlation/correlator.ts";
import { GraphState } from "../correlation/graph-state.ts";
import { History } from "../correlation/history.ts";
import { Likeness } from "../correlation/likeness.ts";
import type { Sign } from "../correlation/evidence.ts";
import { Assessor } from "./assessor.ts";
import { CommandMemory } from "./command-memory.ts";
import type { Incident } from "./incident.ts";
import { aliasesMax } from "./incident.ts";
import { isOpen } from "./lifecycle.ts";
import { Membership } from "./membership.ts";
import type { PolicyChoice } from "./routing.ts";
import { compileRules } from "./routing.ts";
import { ScopedIndex, scopeOf } from "./scoped-index.ts";
import { reordered } from "./signs.ts";
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
  /** Null: severity is what alerts say. */
  assessor: Assessor | null;
  /** In order of creation. */
  readonly incidents = new Map<string, Incident>();
  readonly members: Membership;
  readonly commands = new CommandMemory();
  readonly graph = new GraphState();
  /** What was learnt of alerts that begin together; outlives incidents. */
  readonly history: History;
  /** What open incidents say. */
  readonly likeness = new Likeness<Incident>();
  correlator: Correlator<Incident>;
  /** Incidents opened since the partition began. */
  serial = 0;
  #groups = new ScopedIndex<Incident>();

  /** @param seed 32 bits that senders cannot know; no decision depends on them. */
  constructor(partition: number, config: IncidentConfig, seed: number) {
    this.partition = partition;
    this.config = complete(config);
    this.members = new Membership(seed);
    this.choosePolicy = compileRules(config);
    this.assessor = assessorOf(config, this.graph);
    const { correlation } = this.config;
    this.history = new History(correlation.windowMs);
    this.graph.configure(correlation.topology);
    this.correlator = new Correlator<Incident>(correlation, this.graph, this);
  }

  /** Rules for what opens from now on; open incidents keep their policies (I11). */
  configure(config: IncidentConfig): void {
    if (config.hash === this.config.hash) return;
    const { agree } = this.config.correlation;
    this.config = complete(config);
    this.choosePolicy = compileRules(config);
    this.assessor = assessorOf(config, this.graph);
    this.#reorderSigns(agree, this.config.correlation.agree);
    this.#rebuildCorrelator();
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
    this.likeness.remove(incident);
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

  /** An alert began to fire in the incident, which may be open or not. */
  openedAgain(incident: Incident, nowMs: number): void {
    const beforeMs = incident.lastOpenedMs;
    incident.lastOpenedMs = nowMs;
    if (isOpen(incident.status)) this.correlator.renew(incident, beforeMs);
  }

  /** What an open incident knows has grown by this sign; none was forgotten for it. */
  grown(incident: Incident, sign: Sign): void {
    if (isOpen(incident.status)) this.correlator.addService(incident, sign.service);
  }

  /** Tells correlation of an open incident. Repeating it is harmless. */
  relate(incident: Incident): void {
    if (!isOpen(incident.status)) return;
    this.correlator.add(incident);
  }

  /** Before an incident's labels, signs or root change, and once it is no longer open. */
  unrelate(incident: Incident): void {
    this.correlator.remove(incident);
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

  /** What is known of an alert's labels is in the order in which the configuration names them. */
  #reorderSigns(from: readonly string[], to: readonly string[]): void {
    if (from.length === to.length && from.every((label, at) => label === to[at])) return;
    for (const incident of this.incidents.values()) {
      incident.signs = incident.signs.map((sign) => reordered(sign, from, to));
      incident.links = incident.links.map((link) => {
        return { ...link, sign: reordered(link.sign, from, to) };
      });
    }
  }

  #rebuildCorrelator(): void {
    const { correlation } = this.config;
    this.history.windowMs = correlation.windowMs;
    this.graph.configure(correlation.topology);
    this.correlator = new Correlator<Incident>(correlation, this.graph, this);
    for (const incident of this.incidents.values()) this.relate(incident);
  }
}

/** Configurations of versions that weighed no evidence say nothing of it. */
function complete(config: IncidentConfig): IncidentConfig {
  const unsaid = { agree: [], weights: {}, topology: null };
  return { ...config, correlation: { ...unsaid, ...config.correlation } };
}

function assessorOf(config: IncidentConfig, graph: GraphState): Assessor | null {
  const { severity } = config;
  return severity === undefined || severity.mode === "off" ? null : new Assessor(severity, graph);
}
