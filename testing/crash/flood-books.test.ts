/** A reconciliation that never finds anything proves nothing: these are the faults it must find. */
import { expect, test } from "vitest";
import { FloodBooks, type KnownRow, type NewRow } from "./flood-books.ts";

/** Two series and 34 new alerts; all was acknowledged but what `uncertain` names. */
function sent(uncertain: { known: number[]; fresh: number[] }): FloodBooks {
  const books = new FloodBooks(2);
  const fresh = Array.from({ length: 34 }, () => books.makeNew());
  const certain = fresh.filter((number) => !uncertain.fresh.includes(number));
  const batch = { known: [0, 0, 1], fresh: certain };
  books.send(batch);
  books.acknowledge(batch);
  books.send(uncertain);
  return books;
}

const nothing = { known: [], fresh: [] };
const known = (...received: number[]): KnownRow[] =>
  received.map((count, series) => ({ series, received: count, openings: 1 }));
const all: NewRow[] = [
  { block: 0, bits: 0xffff_ffff, received: 32 },
  { block: 1, bits: 0b11, received: 2 },
];

test("what was acknowledged is all there, once: no fault", () => {
  const books = sent(nothing);
  expect(books.faultsOfKnown(known(2, 1))).toEqual([]);
  expect(books.faultsOfNew(all)).toEqual([]);
  expect([books.acknowledged, books.uncertain, books.fresh]).toEqual([37, 0, 34]);
});

test("a repeat that is lost, one that is doubled, a series that is lost or unknown", () => {
  const books = sent(nothing);
  expect(books.faultsOfKnown(known(1, 1))).toEqual(["k0: 1 lost (1 of 2)"]);
  expect(books.faultsOfKnown(known(2, 2))).toEqual(["k1: sent 1 times, in 2"]);
  expect(books.faultsOfKnown(known(2))).toEqual(["k1: 1 lost (0 of 1)"]);
  expect(books.faultsOfKnown(known(2, 1, 1))).toEqual(["k2: there is no such series"]);
});

test("a series that was opened again, as if its actor had been forgotten", () => {
  const log = [{ series: 0, received: 2, openings: 2 }, ...known(2, 1).slice(1)];
  expect(sent(nothing).faultsOfKnown(log)).toEqual(["k0: opened 2 times"]);
});

test("a new alert that is lost, doubled, or exchanged for another", () => {
  const books = sent(nothing);
  const second = (bits: number, received: number): NewRow[] => [
    all[0] as NewRow,
    { block: 1, bits, received },
  ];
  expect(books.faultsOfNew(second(0b01, 1))).toEqual(["n33: lost"]);
  expect(books.faultsOfNew(second(0b11, 3))).toEqual(["2 of n32 and next: received 3 times"]);
  expect(books.faultsOfNew(second(0b01, 2))).toContain("n33: lost");
  expect(books.faultsOfNew(second(0b111, 3))).toEqual(["n34: never sent, and it is in"]);
  expect(books.faultsOfNew([...all, { block: 2, bits: 1, received: 1 }])).toEqual([
    "n64 and next: never made",
  ]);
});

test("what nobody answered may be in the log or not, but not twice", () => {
  const books = sent({ known: [1], fresh: [33] });
  expect(books.uncertain).toBe(2);
  expect(books.faultsOfKnown(known(2, 1))).toEqual([]);
  expect(books.faultsOfKnown(known(2, 2))).toEqual([]);
  expect(books.faultsOfKnown(known(2, 3))).toEqual(["k1: sent 2 times, in 3"]);
  const without = { block: 1, bits: 0b01, received: 1 };
  expect(books.faultsOfNew([all[0] as NewRow, without])).toEqual([]);
  expect(books.faultsOfNew(all)).toEqual([]);
});

test("what was taken back must not be in the log", () => {
  const books = sent({ known: [1], fresh: [33] });
  books.takeBack({ known: [1], fresh: [33] });
  expect([books.uncertain, books.fresh]).toEqual([0, 33]);
  expect(books.faultsOfKnown(known(2, 2))).toEqual(["k1: sent 1 times, in 2"]);
  expect(books.faultsOfNew(all)).toEqual(["n33: never sent, and it is in"]);
});

test("there is room for any number of new alerts", () => {
  const books = new FloodBooks(1);
  for (let made = 0; made < 70_000; made++) books.makeNew();
  books.send({ known: [], fresh: [69_999] });
  books.acknowledge({ known: [], fresh: [69_999] });
  const block = Math.floor(69_999 / 32);
  expect(books.faultsOfNew([])).toEqual(["n69999: lost"]);
  const row = { block, bits: (1 << 69_999 % 32) >>> 0, received: 1 };
  expect(books.faultsOfNew([row])).toEqual([]);
});
