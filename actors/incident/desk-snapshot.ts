/**
 * A desk as plain data and back. Incidents are rows under named columns, so that a hundred
 * thousand of them do not repeat every field's name, and a later version that adds a field can
 * still read them. A policy is written once, however many incidents ride on it.
 */
import type { HistorySnapshot } from "../correlation/history.ts";
import type { LikenessSnapshot } from "../correlation/likeness.ts";
import type { EscalationPolicy } from "../escalation/escalation.ts";
import type { Remembered } from "./command-memory.ts";
import { Desk } from "./desk.ts";
import type { Incident } from "./incident.ts";
import { blankIncident } from "./incident.ts";
import type { MembersSnapshot } from "./membership.ts";
import type { IncidentConfig } from "./types.ts";

export type DeskSnapshot = {
  version: typeof version;
  partition: number;
  config: IncidentConfig;
  serial: number;
  policies: EscalationPolicy[];
  columns: string[];
  /** Values by column, then: policy index (-1: none), grouping keys held, number of members. */
  rows: { values: unknown[]; policy: number; keys: string[]; members: number }[];
  /** Of all incidents, in the order of the rows. */
  members: MembersSnapshot;
  commands: Remembered[];
  /** Absent in snapshots of versions that learnt nothing. */
  history?: HistorySnapshot;
  /** Absent in snapshots of versions that did not compare what alerts say. */
  likeness?: LikenessSnapshot;
};

const version = 2;

const elsewhere = ["policy", "members"];
const columns = Object.keys(blankIncident("", 0, 0)).filter((name) => !elsewhere.includes(name));

export function snapshotOf(desk: Desk): DeskSnapshot {
  const policies: EscalationPolicy[] = [];
  const indexOf = policyTable(policies);
  const rows = [...desk.incidents.values()].map((incident) => ({
    values: columns.map((column) => copied(incident[column as keyof Incident])),
    policy: incident.policy === null ? -1 : indexOf(incident.policy),
    keys: desk.keysOf(incident),
    members: incident.members.length,
  }));
  const { partition, config, serial } = desk;
  const commands = desk.commands.entries();
  const members = desk.members.snapshot(desk.incidents.values());
  const learnt = { history: desk.history.snapshot(), likeness: desk.likeness.snapshot() };
  const lists = { policies, columns, rows, members, commands, ...learnt };
  return { version, partition, config, serial, ...lists };
}

/**
 * @param seed see Desk.
 * @throws Error when the snapshot is of another version or partition.
 */
export function deskFrom(snapshot: DeskSnapshot, partition: number, seed: number): Desk {
  if (snapshot.version !== version || snapshot.partition !== partition) {
    throw new Error(
      `snapshot of version ${snapshot.version}, partition ${snapshot.partition}: ` +
        `expected version ${version}, partition ${partition}`,
    );
  }
  const desk = new Desk(partition, snapshot.config, seed);
  desk.serial = snapshot.serial;
  const known = snapshot.columns
    .map((column, at) => ({ column, at }))
    .filter(({ column }) => columns.includes(column));
  const rolls: [Incident, number][] = [];
  for (const row of snapshot.rows) {
    const incident = blankIncident("", 0, 0);
    const fields: Record<string, unknown> = incident;
    // A column that this version does not know any more is left out, one it misses stays blank.
    for (const { column, at } of known) fields[column] = copied(row.values[at]);
    incident.policy = snapshot.policies[row.policy] ?? null;
    desk.restore(incident, row.keys);
    rolls.push([incident, row.members]);
  }
  desk.members.restore(snapshot.members, rolls);
  desk.commands.restore(snapshot.commands);
  const { history, likeness } = snapshot;
  if (history !== undefined) desk.history.restore(history);
  if (likeness !== undefined) desk.likeness.restore(likeness, (id) => desk.incidents.get(id));
  return desk;
}

/** Lists are changed in place by their incident; all else is replaced as a whole. */
function copied(value: unknown): unknown {
  return Array.isArray(value) ? [...value] : value;
}

/** Equal policies share a place, also those that came with different configurations. */
function policyTable(policies: EscalationPolicy[]): (policy: EscalationPolicy) => number {
  const byIdentity = new Map<EscalationPolicy, number>();
  const byContent = new Map<string, number>();
  return (policy) => {
    const known = byIdentity.get(policy);
    if (known !== undefined) return known;
    const content = JSON.stringify(policy);
    const index = byContent.get(content) ?? policies.push(policy) - 1;
    byContent.set(content, index);
    byIdentity.set(policy, index);
    return index;
  };
}
