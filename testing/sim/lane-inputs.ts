/** The inputs of dedup partitions, which share lanes, as what each of them was ever sent. */
import { sectionsOf } from "../../runtime/bundle.ts";
import { laneOf } from "../../runtime/placement.ts";
import { laneSubject } from "../../streams/subjects.ts";
import type { StoredRecord } from "../sim-log.ts";
import type { World } from "./world.ts";

/** In the order of the log, purged ones included. */
export function inputOf(world: World, partition: number): StoredRecord[] {
  const lane = laneSubject(laneOf(partition, world.lanes));
  return world.log.everStored(lane).flatMap((record) => {
    if (record.subject !== lane) return [];
    const own = sectionsOf(record.data)?.find((section) => section.partition === partition);
    return own === undefined ? [] : [{ ...record, data: own.data }];
  });
}
