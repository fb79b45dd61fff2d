/** However a body is written, no alert of it gets past its key's tenant. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { AlertOwner } from "../runtime/services.ts";
import { findFault, withoutEmpty } from "./alert-check.ts";
import { AlertScanner } from "./json-scan.ts";
import { ownedBody } from "./owned-body.ts";

const owner: AlertOwner = { tenant: "shop", service: null, takeAlerts: () => null };

/** A name as JSON may spell it: plainly, or with its first character escaped. */
const name = fc
  .tuple(
    fc.constantFrom("tenant_id", "tenant", "a", "service", "__proto__", "", "é"),
    fc.boolean(),
  )
  .map(([text, escapes]) => {
    const code = text.charCodeAt(0).toString(16).padStart(4, "0");
    return escapes && text !== "" ? `"\\u${code}${text.slice(1)}"` : JSON.stringify(text);
  });
const value = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom("shop", "bank", "", 'quo"te}', "é").map(asJson) },
  { weight: 1, arbitrary: fc.constantFrom("null", "1", "[]", '{"tenant_id":"bank"}') },
);
const space = fc.constantFrom("", " ", "\n\t");
const object = (entries: [string, string][], gap: string): string => {
  const members = entries.map(([key, text]) => `${key}${gap}:${gap}${text}`);
  return `{${gap}${members.join(`${gap},${gap}`)}${gap}}`;
};
const labels = fc
  .tuple(fc.array(fc.tuple(name, value), { maxLength: 5 }), space)
  .map(([entries, gap]) => object(entries, gap));
const member = fc.oneof(
  { weight: 4, arbitrary: labels.map((text): [string, string] => ['"labels"', text]) },
  { weight: 1, arbitrary: labels.map((text): [string, string] => ['"annotations"', text]) },
  { weight: 1, arbitrary: value.map((text): [string, string] => ['"labels"', text]) },
  { weight: 1, arbitrary: fc.constant<[string, string]>(['"dedup_key"', '"k"']) },
);
const alert = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .tuple(fc.array(member, { maxLength: 3 }), space)
      .map(([members, gap]) => object(members, gap)),
  },
  { weight: 1, arbitrary: value },
);

function asJson(text: string): string {
  return JSON.stringify(text);
}

type Sent = { labels: Record<string, string> };
const tenantsOf = (labels: Record<string, string>): string[] => {
  const present = withoutEmpty(labels);
  return ["tenant_id", "tenant"].flatMap((one) => present[one] ?? []);
};

test("what goes on is of the tenant, and nothing else of it has changed", () => {
  const scanner = new AlertScanner(1);
  fc.assert(
    fc.property(fc.array(alert, { maxLength: 4 }), (texts) => {
      const sent = texts.map((text) => JSON.parse(text) as Sent);
      const body = Buffer.from(`[${texts.join(",")}]`);
      expect(scanner.scan(body)).toBeNull();
      const owned = ownedBody(body, scanner, owner) ?? {
        ...{ body, places: sent.map((_, index) => index), refused: [] },
      };
      const after = JSON.parse(Buffer.from(owned.body).toString()) as Sent[];
      expect(after).toHaveLength(owned.places.length);
      const all = [...owned.places, ...owned.refused.map(({ index }) => index)];
      expect(all.sort()).toEqual(sent.map((_, index) => index));
      after.forEach((one, at) => {
        const before = sent[owned.places[at] as number] as Sent;
        if (findFault(one) !== null) return expect(findFault(before)).not.toBeNull();
        expect(new Set(tenantsOf(one.labels))).toEqual(new Set(["shop"]));
        const { tenant_id: _added, ...rest } = one.labels;
        const { tenant_id: _own, ...own } = before.labels;
        expect({ ...one, labels: rest }).toEqual({ ...before, labels: own });
      });
      for (const { index } of owned.refused) {
        const named = tenantsOf((sent[index] as Sent).labels);
        expect(named.some((tenant) => tenant !== "shop")).toBe(true);
      }
    }),
    { numRuns: 2_000 },
  );
});
