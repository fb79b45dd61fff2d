import { expect, test } from "vitest";
import { type Kind, Kinds } from "./kinds.ts";

const name = (service: string): string => `t\u0000e\u0000${service}\u0000Down`;

function kept(kinds: Kinds, ...services: string[]): Kind[] {
  return services.map((service, at) => {
    const kind = kinds.of(name(service));
    kinds.keep(kind, at);
    return kind;
  });
}

const order = (kinds: Kinds): string[] => Array.from(kinds.kept(), (kind) => kind.name);

test("a name is one object as long as it is kept, held or somebody's partner", () => {
  const kinds = new Kinds();
  const [a, b] = kept(kinds, "a", "b") as [Kind, Kind];
  const partner = kinds.of(name("c"));
  expect(partner.scope).toBe("t\u0000e");
  kinds.addPartner(b, partner, 1);
  kinds.hold(a);
  kinds.dropOldest();
  expect(kinds.get(a.name)).toBe(a);
  expect(a.kept).toBe(false);
  kinds.release(a);
  expect(kinds.get(a.name)).toBeUndefined();
  expect(kinds.get(partner.name)).toBe(partner);
  kinds.dropOldest();
  expect(kinds.get(partner.name)).toBeUndefined();
  expect(kinds.size).toBe(0);
});

test("what is seen again is the newest; the oldest goes first", () => {
  const kinds = new Kinds();
  const [a, b, c] = kept(kinds, "a", "b", "c") as [Kind, Kind, Kind];
  kinds.renew(b);
  kinds.renew(b);
  kinds.renew(a);
  expect(order(kinds)).toEqual([c.name, b.name, a.name]);
  kinds.dropOldest();
  expect(order(kinds)).toEqual([b.name, a.name]);
});

test("one that is remembered no more leads to no other, which would stay with it", () => {
  const kinds = new Kinds();
  const [a, b, c] = kept(kinds, "a", "b", "c") as [Kind, Kind, Kind];
  kinds.addPartner(c, a, 1);
  kinds.dropOldest();
  expect([a.older, a.newer]).toEqual([null, null]);
  expect(order(kinds)).toEqual([b.name, c.name]);
  kinds.keep(a, 3);
  expect(order(kinds)).toEqual([b.name, c.name, a.name]);
});

test("of partners that go, the others stay in their order with their counts", () => {
  const kinds = new Kinds();
  const [a, b, c, d] = kept(kinds, "a", "b", "c", "d") as [Kind, Kind, Kind, Kind];
  for (const [at, other] of [b, c, d].entries()) kinds.addPartner(a, other, at + 1);
  kinds.part(a.name, b.name);
  kinds.part(a.name, "nobody");
  expect([a.partners, a.counts]).toEqual([[c, d], [2, 3]]);
});
