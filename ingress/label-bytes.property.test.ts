import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fingerprintOf } from "./fingerprint.ts";
import { fingerprintOfBytes } from "./label-bytes.ts";

const seeded = { numRuns: 2_000, seed: 20261125 };

const manyLabels = Array.from({ length: 65 }, (_, index) => [`l${index}`, "v"]);

function ofText(json: string) {
  const bytes = Buffer.from(`garbage "x" ${json} "more": "}"`);
  const start = bytes.indexOf("{");
  return fingerprintOfBytes(bytes, start, start + Buffer.byteLength(json));
}

describe("a fingerprint from bytes", () => {
  test("is the one that the long way gives, or none", () => {
    const word = fc.oneof(fc.string(), fc.string({ unit: "grapheme" }), fc.constant(""));
    const labels = fc.dictionary(word, word, { maxKeys: 12 });
    const property = fc.property(labels, fc.constantFrom(undefined, 1, "\t"), (some, indent) => {
      const fingerprint = ofText(JSON.stringify(some, null, indent));
      if (fingerprint !== null) expect(fingerprint).toEqual(fingerprintOf(some, null));
    });
    fc.assert(property, seeded);
  });

  test("is there for plain labels, in any order and with empty ones", () => {
    const long = fingerprintOf({ alertname: "HighLatency", service: "é😀" }, null);
    expect(ofText('{"alertname":"HighLatency","service":"é😀"}')).toEqual(long);
    expect(ofText('{ "service" : "é😀", "none":"",\n"alertname":"HighLatency" }')).toEqual(long);
  });

  test.each([
    ["an escape in a value", '{"a":"x\\n"}'],
    ["an escape in a name", '{"a\\"b":"x"}'],
    ["a name beyond ASCII", '{"é":"x"}'],
    ["a name that stands twice", '{"a":"x","b":"y","a":""}'],
    ["no label with a value", '{"a":""}'],
    ["no label", "{}"],
    ["too many labels", JSON.stringify(Object.fromEntries(manyLabels))],
  ])("is left to the long way: %s", (_, json) => {
    expect(ofText(json)).toBeNull();
  });
});
