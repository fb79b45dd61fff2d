/**
 * A step's record as bytes. In a storm a step holds hundreds of events of one incident, each with
 * the incident as it was then: 900 bytes that differ from those before in a count and a time. So
 * only an incident's first event in a record has all of it, and each later one what is new.
 *
 * An event's incident stands in the log as itself, or as `{ like, but }`: that of output number
 * `like` of the same record, apart from the fields in `but`.
 */
import type { IncidentOutput, IncidentView } from "../actors/incident/types.ts";
import type { Codec } from "./ports.ts";
import type { StepRecord } from "./step.ts";

type Difference = { like: number; but: Partial<IncidentView> };
type EventOutput = Extract<IncidentOutput, { kind: "event" }>;

export function encodeStep(codec: Codec, record: StepRecord<unknown>): Uint8Array {
  if (record.kind !== "step") return codec.encode(record);
  const newest = new Map<string, { index: number; view: IncidentView }>();
  const outputs = record.outputs.map((output, index) => {
    if (!isEvent(output)) return output;
    const view = output.event.incident;
    const before = newest.get(view.id);
    newest.set(view.id, { index, view });
    if (before === undefined) return output;
    const incident: Difference = { like: before.index, but: difference(view, before.view) };
    return { ...output, event: { ...output.event, incident } };
  });
  return codec.encode({ ...record, outputs });
}

/** @throws Error for bytes that are no record. */
export function decodeStep<Output>(codec: Codec, data: Uint8Array): StepRecord<Output> {
  const record = codec.decode(data) as StepRecord<Output>;
  if (record.kind !== "step") return record;
  for (const output of record.outputs) {
    if (!isEvent(output)) continue;
    const { event } = output;
    if (isDifference(event.incident)) event.incident = restored(event.incident, record.outputs);
  }
  return record;
}

/** Both have all fields, in the same order. */
function difference(view: IncidentView, before: IncidentView): Partial<IncidentView> {
  const but: Record<string, unknown> = {};
  for (const field of Object.keys(view) as (keyof IncidentView)[]) {
    if (view[field] !== before[field]) but[field] = view[field];
  }
  return but;
}

function restored({ like, but }: Difference, outputs: unknown[]): IncidentView {
  const earlier = outputs[like];
  if (!isEvent(earlier)) throw new Error(`an event refers to output ${like}, which is no event`);
  return { ...earlier.event.incident, ...but };
}

/** Outputs of the dedup stage have no kind of their own. */
function isEvent(output: unknown): output is EventOutput {
  return (output as { kind?: unknown }).kind === "event";
}

const isDifference = (stored: object): stored is Difference => "but" in stored;
