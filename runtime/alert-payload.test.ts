import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { alertBody, domainOf, rejectionBody } from "./alert-payload.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("an alert's payload", () => {
  test("gives labels, annotations, source and key", () => {
    const payload = {
      labels: { alertname: "Überlauf", service: "checkout" },
      annotations: { summary: "⚠ full" },
      startsAt: "2026-01-01T00:00:00Z",
      generatorURL: "http://example/graph",
      dedup_key: "k-1",
    };
    expect(alertBody(bytes(JSON.stringify(payload)))).toEqual({
      labels: { alertname: "Überlauf", service: "checkout" },
      annotations: { summary: "⚠ full" },
      generatorURL: "http://example/graph",
      dedupKey: "k-1",
    });
  });

  test("may leave out all but the labels; labels without a value count as absent", () => {
    const payload = '{"labels":{"a":"1","b":""},"annotations":{"c":""},"dedup_key":""}';
    const body = { labels: { a: "1" }, generatorURL: "", dedupKey: null };
    expect(alertBody(bytes(payload))).toEqual({ ...body, annotations: { c: "" } });
    const least = '{"labels":{"a":"1"},"annotations":null}';
    expect(alertBody(bytes(least))).toEqual({ ...body, annotations: {} });
  });

  test("keeps a label with a name that means something to JavaScript", () => {
    const { labels } = alertBody(bytes('{"labels":{"__proto__":"x","constructor":"y"}}'));
    expect(Object.entries(labels)).toEqual([["__proto__", "x"], ["constructor", "y"]]);
  });

  test("reads half of a surrogate pair as U+FFFD, which comes back from the log as it went", () => {
    const half = "\\ud83d";
    const texts = `{"__proto__":"x","a${half}":"${half}b","c":"\\ud83d\\ude00"}`;
    const payload = `{"labels":${texts},"annotations":${texts},"dedup_key":"${half}"}`;
    const body = alertBody(bytes(payload));
    const read = [["__proto__", "x"], ["a\ufffd", "\ufffdb"], ["c", "😀"]];
    expect(Object.entries(body.labels)).toEqual(read);
    expect(Object.entries(body.annotations)).toEqual(read);
    expect(body.dedupKey).toBe("\ufffd");
    expect(rejectionBody(bytes(`{"detail":"${half}"}`)).detail).toBe("\ufffd");
  });

  const none = ["[]", '"x"', "null", "{", '{"labels":[]}', '{"labels":{"a":1}}'];
  test.each(none)("%s is none", (text) => {
    expect(() => alertBody(bytes(text))).toThrow();
  });

  test("a rejection gives its reason", () => {
    expect(rejectionBody(bytes('{"reason":"r","detail":"d"}'))).toEqual({
      reason: "r",
      detail: "d",
    });
    expect(rejectionBody(bytes("{}"))).toEqual({ reason: "unknown", detail: "" });
  });
});

describe("the correlation domain", () => {
  const domainBy = [["tenant_id", "tenant"], ["environment"]];

  test("takes the first label present of each entry, and a default", () => {
    expect(domainOf({ tenant_id: "t1", tenant: "t2", environment: "prod" }, domainBy)).toBe(
      "t1/prod",
    );
    expect(domainOf({ tenant: "t2" }, domainBy)).toBe("t2/default");
    expect(domainOf({ tenant_id: "", tenant: "t2" }, domainBy)).toBe("t2/default");
    expect(domainOf({}, domainBy)).toBe("default/default");
    expect(domainOf({ a: "1" }, [])).toBe("default");
    expect(domainOf({}, [["constructor"]])).toBe("default");
  });

  test("different values never meet in one domain", () => {
    const value = fc.string({ unit: fc.constantFrom("/", "%", "2", "F", "5", "a"), minLength: 1 });
    fc.assert(
      fc.property(value, value, value, value, (a, b, c, d) => {
        const first = domainOf({ tenant: a, environment: b }, domainBy);
        const second = domainOf({ tenant: c, environment: d }, domainBy);
        expect(first === second).toBe(a === c && b === d);
        expect(first.split("/")).toHaveLength(2);
      }),
      { seed: 4711, numRuns: 500 },
    );
  });
});
