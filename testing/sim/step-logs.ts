/** What the step logs say, read from everything that the simulated log ever stored. */
import { decodeStep } from "../../runtime/step-encoding.ts";
import type { StepRecord } from "../../runtime/step.ts";
import { codec } from "../../streams/codec.ts";
import type { World } from "./world.ts";

export type Stored<Output> = { seq: number; record: StepRecord<Output> };

export function stepRecords<Output>(world: World, subject: string): Stored<Output>[] {
  return world.log
    .everStored(subject)
    .filter((stored) => stored.subject === subject)
    .map(({ seq, data }) => ({ seq, record: decodeStep<Output>(codec, data) }));
}

/** Every output with its origin, in order. */
export function outputsOf<Output>(
  stored: Stored<Output>[],
): { seq: number; index: number; output: Output }[] {
  return stored.flatMap(({ seq, record }) =>
    record.kind === "step"
      ? record.outputs.map((output, index) => ({ seq, index, output }))
      : [],
  );
}
