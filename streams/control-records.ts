/** Records that the process itself puts into the partitions' inputs. */
import type { DedupConfig } from "../actors/alert/config.ts";
import type { GroupDelivery } from "../actors/dispatch/types.ts";
import type { DeliveryReport, IncidentConfig } from "../actors/incident/types.ts";
import type { Log } from "../runtime/ports.ts";
import type { WorkRecord } from "../runtime/work.ts";
import { codec } from "./codec.ts";
import type { PartitionCounts } from "./deployment.ts";
import { inputSubject, workSubject } from "./subjects.ts";

/** Tells every partition the configuration; one that has it already takes no notice (I11). */
export async function announceConfig(
  log: Log,
  partitions: PartitionCounts,
  dedup: DedupConfig,
  incident: IncidentConfig,
): Promise<void> {
  const forDedup = codec.encode({ kind: "config", config: dedup } satisfies WorkRecord);
  const forIncident = codec.encode({ kind: "config", config: incident } satisfies WorkRecord);
  const appends: Promise<number>[] = [];
  for (let partition = 0; partition < partitions.dedup; partition += 1) {
    appends.push(log.append(inputSubject(partition, partitions.lanes), forDedup));
  }
  for (let partition = 0; partition < partitions.incident; partition += 1) {
    appends.push(log.append(workSubject(partition), forIncident));
  }
  await Promise.all(appends);
}

/** Sends a delivery's result to the partition of its incident, whose id names it. */
export function deliveryReporter(log: Log): (report: DeliveryReport) => Promise<void> {
  return async (report) => {
    const partition = Number(/^inc-(\d+)-/.exec(report.incidentId)?.[1] ?? 0);
    const record: WorkRecord = { kind: "delivery", report };
    await log.append(workSubject(partition), codec.encode(record));
  };
}

/** The same for a group, by the partition in the notification's id. */
export function groupDeliveryReporter(log: Log): (report: GroupDelivery) => Promise<void> {
  return async (report) => {
    const partition = Number(/^grp-(\d+)-/.exec(report.notificationId)?.[1] ?? 0);
    const record: WorkRecord = { kind: "groupDelivery", report };
    await log.append(workSubject(partition), codec.encode(record));
  };
}
