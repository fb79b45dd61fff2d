/**
 * The story that all crash tests share: alerts pour in, somebody takes an incident, then one
 * disaster follows the other. After each, alerts get in again, the program says that it is
 * ready, and no incident is gone or set back.
 */
import { expect } from "vitest";
import type { IncidentView } from "../../actors/incident/types.ts";
import { eventually } from "../contracts/eventually.ts";
import type { Random } from "../random.ts";
import { incidents } from "./books.ts";
import type { Firehose } from "./firehose.ts";
import { disasters, type Scene } from "./scene.ts";

/** Requests that must get in between two disasters. */
const acceptedPerRound = 12;
const recoveredWithinMs = 45_000;

export type Ordeal = {
  rounds: number;
  random: Random;
  /** A stretch without disasters; at its end, one strikes. */
  calm(): Promise<void>;
};

export async function suffer(scene: Scene, firehose: Firehose, ordeal: Ordeal): Promise<void> {
  const { rounds, random, calm } = ordeal;
  await until(() => firehose.accepted >= acceptedPerRound, "alerts get in");
  const taken = await acknowledgeOne(scene);
  for (let round = 0; round < rounds; round++) {
    await calm();
    // Each kind once, whatever the seed.
    const disaster = disasters[round] ?? random.pick(disasters);
    const before = await incidents(scene.url);
    await scene.strike(disaster, random);
    const accepted = firehose.accepted;
    await until(
      () => firehose.accepted >= accepted + acceptedPerRound,
      `alerts get in again after round ${round} (${disaster})`,
    );
    await scene.program.ready(recoveredWithinMs);
    await eventually(async () => asBefore(before, await incidents(scene.url)));
    expect((await incidents(scene.url)).get(taken)?.acknowledged_by).toBe("night shift");
  }
}

/** Somebody takes one incident: that must never be forgotten. @returns its id. */
async function acknowledgeOne(scene: Scene): Promise<string> {
  let id = "";
  await eventually(async () => {
    id = [...(await incidents(scene.url)).keys()][0] ?? "";
    expect(id).not.toBe("");
  });
  const answer = await fetch(`${scene.url}/v1/incidents/${id}`, {
    method: "PATCH",
    headers: { "content-type": "application/json", "idempotency-key": "take-it" },
    body: JSON.stringify({ status: "acknowledged", by: "night shift" }),
  });
  expect(answer.status, await answer.text()).toBe(200);
  return id;
}

/** Every incident is still there, the same one, not set back. */
function asBefore(before: Map<string, IncidentView>, after: Map<string, IncidentView>): void {
  for (const [id, was] of before) {
    const is = after.get(id);
    expect(is, `${id} is gone`).toBeDefined();
    expect({ title: is?.title, created: is?.created_at, group: is?.group_key }).toEqual({
      title: was.title,
      created: was.created_at,
      group: was.group_key,
    });
    expect(is?.version ?? 0, id).toBeGreaterThanOrEqual(was.version);
    expect(is?.alert_count ?? 0, id).toBeGreaterThanOrEqual(was.alert_count);
    if (is?.version === was.version) expect(is).toEqual(was);
  }
}

async function until(holds: () => boolean, what: string): Promise<void> {
  await eventually(() => {
    if (!holds()) throw new Error(`not so after ${recoveredWithinMs} ms: ${what}`);
  }, recoveredWithinMs);
}
