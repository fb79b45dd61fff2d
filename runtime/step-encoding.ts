/**
 * A step's record as bytes. In a storm a step holds hundreds of events of one incident, each with
 * the incident as it was then: 900 bytes that differ from those before in a count and a time. So
 * only an incident's first event in a record has all of it, and each later one what is new.
 *
 * An event's incident stands in the log as itself, or as `{ like, but }`: that of output number
 * `like` of the same record, apart from the fields in `but`. Alert events are text (event-text.ts).
 * Records of versions that knew neither are read as they are.
 */
import type { IncidentOutput, IncidentView } from "../actors/incident/types.ts";
import { eventOfText, eventText, type StoredOutput } from "./event-text.ts";
import type { Codec } from "./ports.ts";
import type { DedupOutput, StepRecord } from "./step.ts";

type Difference = { like: number; but: Partial<IncidentView> };
type EventOutput = Extract<IncidentOutput, { kind: "event" }>;

export function encodeStep(codec: Codec, record: StepRecord<unknown>): Uint8Array {
  if (record.kind !== "step") return codec.encode(record);
  const newest = new Map<string, { index: number; view: IncidentView }>();
  const outputs = record.outputs.map((output, index) => {
    if (isAlert(output)) return { domain: output.domain, json: eventText(output) };
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
  const outputs: unknown[] = record.outputs;
  for (const [index, output] of outputs.entries()) {
    if (isText(output)) outputs[index] = { domain: output.domain, event: eventOfText(output.json) };
    if (!isEvent(output)) continue;
    const { event } = output;
    if (isDifference(event.incident)) event.incident = restored(event.incident, outputs);
  }
  return record;
}

/** Bytes that are equal for equal outputs, whether or not they were written or relayed already. */
export function comparable(codec: Codec, outputs: readonly unknown[]): Uint8Array {
  return codec.encode(
    outputs.map((output) => {
      if (!isAlert(output)) return output;
      return { domain: output.domain, event: output.event };
    }),
  );
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

function isEvent(output: unknown): output is EventOutput {
  return kindOf(output) === "event";
}

/** Outputs of the dedup stage have no kind of their own. */
function isAlert(output: unknown): output is DedupOutput {
  return kindOf(output) === undefined;
}

function isText(output: unknown): output is StoredOutput {
  return isAlert(output) && output.json !== undefined;
}

const kindOf = (output: unknown): unknown => (output as { kind?: unknown }).kind;

const isDifference = (stored: object): stored is Difference => "but" in stored;
