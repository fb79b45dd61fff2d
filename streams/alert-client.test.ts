import { describe, expect, test } from "vitest";
import type { AlertPage, ListedAlert } from "../runtime/alert-list.ts";
import { joined } from "./alert-client.ts";

const alert = (fingerprint: string): ListedAlert => ({
  fingerprint,
  ...{ labels: {}, annotations: {}, generatorURL: "", dedupKey: null, domain: "d" },
  ...{ startsAtMs: 0, endsAtMs: 1, updatedAtMs: 0, received: 1 },
});
const page = (upTo: string | null, ...fingerprints: string[]): AlertPage => ({
  items: fingerprints.map(alert),
  upTo,
});
const told = (pages: AlertPage[], limit: number) => {
  const { items, cursor } = joined(pages, limit);
  return [items.map(({ fingerprint }) => fingerprint).join(""), cursor];
};

describe("pages of several partitions", () => {
  test("are merged in order; the last page has no cursor", () => {
    expect(told([page(null, "a", "d"), page(null, "b"), page(null)], 10)).toEqual(["abd", null]);
    expect(told([page(null)], 10)).toEqual(["", null]);
  });

  test("reach as far as the partition that told least", () => {
    expect(told([page("d", "a", "d"), page("b", "b"), page(null, "c")], 10)).toEqual(["ab", "b"]);
    expect(told([page("c"), page("e", "d")], 10)).toEqual(["", "c"]);
  });

  test("are cut at the limit", () => {
    expect(told([page(null, "a", "c", "e"), page(null, "b", "d")], 3)).toEqual(["abc", "c"]);
    expect(told([page("e", "a", "c", "e"), page(null, "b", "d")], 5)).toEqual(["abcde", "e"]);
  });
});
