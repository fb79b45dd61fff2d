/** Membership against a model of lists and a map, whatever happens to its incidents. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { fingerprintOf } from "../../testing/scenario-happenings.ts";
import type { Incident } from "./incident.ts";
import { blankIncident } from "./incident.ts";
import { Membership } from "./membership.ts";

const incidentCount = 4;
const texts = Array.from({ length: 12 }, (_, n) => fingerprintOf(`alert ${n}`, ""));

const incident = fc.integer({ min: 0, max: incidentCount - 1 });
const operation = fc.oneof(
  { weight: 8, arbitrary: fc.record({
    kind: fc.constant("join" as const), to: incident, text: fc.constantFrom(...texts),
  }) },
  { weight: 3, arbitrary: fc.record({
    kind: fc.constant("fire" as const), firing: fc.boolean(), text: fc.constantFrom(...texts),
  }) },
  { weight: 2, arbitrary: fc.record({
    kind: fc.constant("move" as const), from: incident, to: incident,
  }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("drop" as const), from: incident }) },
  { weight: 2, arbitrary: fc.record({
    kind: fc.constant("part" as const), from: incident, to: incident,
    chosen: fc.subarray(texts),
  }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** What membership.ts says in fewer words and more memory. */
class Model {
  readonly lists: string[][] = Array.from({ length: incidentCount }, () => []);
  readonly owners = new Map<string, { at: number; firing: boolean }>();

  apply(each: Operation): void {
    if (each.kind === "join") {
      this.#list(each.to, each.text);
      this.owners.set(each.text, { at: each.to, firing: true });
    } else if (each.kind === "fire") {
      const owner = this.owners.get(each.text);
      if (owner !== undefined) owner.firing = each.firing;
    } else if (each.kind === "drop") {
      for (const [text, { at }] of this.owners) if (at === each.from) this.owners.delete(text);
      this.lists[each.from] = [];
    } else if (each.kind === "part") {
      if (!isPossible(each, this.lists)) return;
      const isTaken = (text: string): boolean =>
        each.chosen.includes(text) && this.owners.get(text)?.at === each.from;
      const list = this.lists[each.from] as string[];
      this.lists[each.to] = list.filter(isTaken);
      this.lists[each.from] = list.filter((text) => !isTaken(text));
      for (const text of this.lists[each.to] ?? []) {
        this.owners.set(text, { ...(this.owners.get(text) as { firing: boolean }), at: each.to });
      }
    } else if (each.from !== each.to) {
      for (const text of this.lists[each.from] as string[]) this.#list(each.to, text);
      for (const owner of this.owners.values()) if (owner.at === each.from) owner.at = each.to;
      this.lists[each.from] = [];
    }
  }

  /** As Membership#snapshot tells it. */
  rolls(): [text: string, state: number][] {
    return this.lists.flatMap((list, at) => list.map((text): [string, number] => {
      const owner = this.owners.get(text);
      if (owner?.at !== at) return [text, 0];
      return [text, owner.firing ? 2 : 1];
    }));
  }

  #list(at: number, text: string): void {
    const list = this.lists[at] as string[];
    if (!list.includes(text)) list.push(text);
  }
}

/** Only a new incident takes a part of another. */
function isPossible(part: { from: number; to: number }, lists: readonly string[][]): boolean {
  return part.from !== part.to && lists[part.to]?.length === 0;
}

function apply(
  members: Membership,
  incidents: Incident[],
  each: Operation,
  lists: readonly string[][],
): void {
  const at = (n: number): Incident => incidents[n] as Incident;
  if (each.kind === "join") members.join(at(each.to), each.text);
  else if (each.kind === "fire") members.setFiring(each.text, each.firing);
  else if (each.kind === "drop") members.drop(at(each.from));
  else if (each.kind === "part") {
    if (!isPossible(each, lists)) return;
    members.part(at(each.from), at(each.to), new Set(each.chosen));
  } else if (each.from !== each.to) members.move(at(each.from), at(each.to));
}

function rollsOf(members: Membership, incidents: Incident[]): [text: string, state: number][] {
  const { fingerprints, states } = members.snapshot(incidents);
  const view = new DataView(fingerprints.buffer);
  const half = (at: number): string => view.getUint32(at, true).toString(16).padStart(8, "0");
  return Array.from(states, (state, n) => [half(n * 8) + half(n * 8 + 4), state]);
}

function agree(members: Membership, incidents: Incident[], model: Model): void {
  expect(rollsOf(members, incidents)).toEqual(model.rolls());
  expect(members.size).toBe(model.owners.size);
  expect(incidents.map((each) => each.members.length)).toEqual(
    model.lists.map(({ length }) => length),
  );
  for (const text of texts) {
    const owner = model.owners.get(text);
    expect(members.ownerOf(text)).toBe(owner && incidents[owner.at]);
    expect(members.isFiring(text)).toBe(owner?.firing ?? false);
    const listed = incidents.findIndex((each) =>
      members.list(each, 0, 99).some(({ fingerprint }) => fingerprint === text),
    );
    expect(listed).toBe(owner?.at ?? -1);
    const founds = incidents.map((each) => members.isFounder(each, text));
    expect(founds).toEqual(model.lists.map(([first]) => first === text));
  }
}

const blank = (): Incident[] =>
  Array.from({ length: incidentCount }, (_, n) => blankIncident(`inc-${n}`, n + 1, 0));

test("agrees with lists and a map, also after it was saved and restored", () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), fc.nat(60), (operations, savedAt) => {
      const model = new Model();
      let [members, incidents] = [new Membership(1), blank()];
      operations.forEach((each, n) => {
        if (n === savedAt) {
          const { fingerprints, states } = members.snapshot(incidents);
          // As a codec hands it over: somewhere within a larger buffer.
          const within = Buffer.concat([Buffer.alloc(1), fingerprints]).subarray(1);
          const saved = { fingerprints: within, states };
          const counts = incidents.map((one) => one.members.length);
          [members, incidents] = [new Membership(2), blank()];
          members.restore(saved, incidents.map((one, at) => [one, counts[at] ?? 0]));
        }
        apply(members, incidents, each, model.lists);
        model.apply(each);
        agree(members, incidents, model);
      });
    }),
    { seed: 4711, numRuns: 300 },
  );
});

test("a long list takes back what left it, in its place, with what came meanwhile", () => {
  const members = new Membership(1);
  const [one, two, three] = blank() as [Incident, Incident, Incident];
  const many = Array.from({ length: 2_000 }, (_, n) => fingerprintOf(`one of many ${n}`, ""));
  const late = fingerprintOf("late", "");
  for (const text of many) members.join(one, text);
  for (const text of many) members.join(two, text);
  members.join(one, many[0] as string);
  for (const to of [one, two, one]) members.join(to, late);
  const parted = new Set(many.slice(0, 1));
  members.part(one, three, parted);
  // Its number is free for others now; nothing may be found by it.
  members.join(three, fingerprintOf("new", ""));
  for (const text of many.toReversed()) members.join(one, text);
  expect(members.list(one, 0, 9_999).map(({ fingerprint }) => fingerprint)).toEqual([
    ...[...many.slice(1), late, many[0]],
  ]);
  expect([one, two, three].map((each) => each.members.away)).toEqual([0, 2_001, 1]);
});

test("belongs to an incident or to none: a text that is no fingerprint is refused", () => {
  const members = new Membership(1);
  const [one] = blank();
  expect(members.ownerOf("alertname=x")).toBeUndefined();
  expect(() => members.join(one as Incident, "alertname=x")).toThrow('"alertname=x" is no');
});
