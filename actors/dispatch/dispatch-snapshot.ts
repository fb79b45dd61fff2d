/** A dispatcher as plain data and back. Silences are kept beside it, by whoever owns them. */
import type { DispatchConfig } from "./config.ts";
import { Dispatcher, type HeldAlert } from "./dispatcher.ts";
import type { Group, Told } from "./group.ts";
import type { Silences } from "./silences.ts";

type ToldRow = Omit<Told, "firing" | "resolved"> & {
  integration: string;
  firing: string[];
  resolved: string[];
};
type GroupRow = Omit<Group, "alerts" | "told"> & { alerts: string[]; told: ToldRow[] };
type AlertRow = Omit<HeldAlert, "groups" | "silencedBy">;

export type DispatchSnapshot = {
  serial: number;
  sinceMs: number;
  ended: [fingerprint: string, atMs: number][];
  alerts: AlertRow[];
  groups: GroupRow[];
};

export function dispatchSnapshotOf(dispatcher: Dispatcher): DispatchSnapshot {
  return {
    serial: dispatcher.serial,
    sinceMs: dispatcher.sinceMs,
    ended: [...dispatcher.ended],
    alerts: [...dispatcher.alerts.values()].map(({ groups: _, silencedBy: __, ...row }) => row),
    groups: [...dispatcher.groups.values()].map((group) => ({
      ...group,
      alerts: [...group.alerts],
      told: [...group.told].map(([integration, told]) => {
        return { ...told, integration, firing: [...told.firing], resolved: [...told.resolved] };
      }),
    })),
  };
}

export function dispatcherFrom(
  snapshot: DispatchSnapshot,
  partition: number,
  config: DispatchConfig,
  silences: Silences,
): Dispatcher {
  const dispatcher = new Dispatcher(partition, config, silences);
  dispatcher.serial = snapshot.serial;
  dispatcher.sinceMs = snapshot.sinceMs;
  for (const [fingerprint, atMs] of snapshot.ended) dispatcher.ended.set(fingerprint, atMs);
  dispatcher.restore(snapshot.alerts.map(heldAlert), snapshot.groups.map(group));
  return dispatcher;
}

function heldAlert(row: AlertRow): HeldAlert {
  return { ...row, groups: [], silencedBy: { version: -1, ids: [] } };
}

function group(row: GroupRow): Group {
  const told = row.told.map(({ integration, ...rest }): [string, Told] => {
    return [
      integration,
      { ...rest, firing: new Set(rest.firing), resolved: new Set(rest.resolved) },
    ];
  });
  return { ...row, alerts: new Set(row.alerts), told: new Map(told) };
}
