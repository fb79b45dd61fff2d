/**
 * When a healed world has caught up, and when it has come to rest; and whether the buckets that
 * outside readers see agree with the truth, which is the step log.
 */
import type { IncidentOutput } from "../../actors/incident/types.ts";
import type { LogRecord } from "../../runtime/ports.ts";
import { stepSubject, workSubject } from "../../streams/subjects.ts";
import { inputOf } from "./lane-inputs.ts";
import type { Seat } from "./seat.ts";
import type { Spine } from "./spine.ts";
import { outputsOf, stepRecords } from "./step-logs.ts";
import type { Workload } from "./workload.ts";
import type { World } from "./world.ts";

/** What is still under way; empty when every owner works and has nothing left to do now. */
export function unfinished(world: World, spine: Spine, workload: Workload): string[] {
  const left: string[] = [];
  if (workload.underWay > 0) left.push(`${workload.underWay} sends under way`);
  spine.dedup.forEach((seat, p) => left.push(...behind(seat, inputOf(world, p).at(-1))));
  spine.incident.forEach((seat, q) => {
    left.push(...behind(seat, world.log.last(workSubject(q))));
  });
  return left;
}

/** What keeps a world that has caught up from rest: alerts that fire, incidents that live. */
export function alive(spine: Spine): string[] {
  return [...spine.dedup, ...spine.incident].flatMap((seat) => {
    const actors = seat.host?.stats().actors ?? 0;
    return actors > 0 ? [`${seat.name} still holds ${actors} actors`] : [];
  });
}

/** Incident states and timers that readers see otherwise than the step log tells them. */
export function disagreements(world: World, spine: Spine): string[] {
  return spine.incident.flatMap((_, partition) => {
    const steps = stepRecords<IncidentOutput>(world, stepSubject("incident", partition));
    const outputs = outputsOf(steps).map(({ output }) => output);
    return [...wrongViews(world, outputs), ...wrongTimers(world, partition, outputs)];
  });
}

function behind(seat: Seat, newest: LogRecord | null | undefined): string[] {
  const stats = seat.host?.stats();
  if (stats?.ready !== true) return [`${seat.name} has no working owner`];
  if ((newest?.seq ?? 0) > stats.inputSeq) {
    return [`${seat.name} has input to read`];
  }
  if (stats.relayBacklog > 0) return [`${seat.name} has ${stats.relayBacklog} steps to relay`];
  return [];
}

function wrongViews(world: World, outputs: IncidentOutput[]): string[] {
  const versions = new Map<string, number | null>();
  for (const output of outputs) {
    if (output.kind !== "event") continue;
    const { id, version } = output.event.incident;
    versions.set(id, output.event.kind === "retired" ? null : version);
  }
  return [...versions].flatMap(([id, version]) => {
    const shown = world.state.views.get(id)?.version ?? null;
    return shown === version ? [] : [`${id} is shown as version ${shown}, is ${version}`];
  });
}

function wrongTimers(world: World, partition: number, outputs: IncidentOutput[]): string[] {
  const wanted = new Map<string, string>();
  for (const output of outputs) {
    if (output.kind !== "timer") continue;
    if (output.fireAtMs === null) wanted.delete(output.id);
    else wanted.set(output.id, `${output.generation} at ${output.fireAtMs}`);
  }
  const shown = new Map<string, string>();
  for (const { id, generation, fireAtMs } of world.timers.timers(partition).values()) {
    shown.set(id, `${generation} at ${fireAtMs}`);
  }
  return [...new Set([...wanted.keys(), ...shown.keys()])].flatMap((id) =>
    wanted.get(id) === shown.get(id)
      ? []
      : [`timer ${id} is shown as ${shown.get(id)}, is ${wanted.get(id)}`],
  );
}
