import { isAscii } from "node:buffer";
import fc from "fast-check";
import { expect, test } from "vitest";
import { findFault } from "./alert-check.ts";
import { jsonFault } from "./json-check.ts";
import { AlertScanner, columns, rowWidth } from "./json-scan.ts";

const runs = { numRuns: 400, seed: 20261123 };

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const scanner = new AlertScanner(1);
const accepts = (text: string): boolean => scanner.scan(Buffer.from(text)) === null;

const fieldNames = ["labels", "annotations", "startsAt", "endsAt", "generatorURL", "dedup_key"];
const alertLike = fc.dictionary(
  fc.oneof(fc.constantFrom(...fieldNames), fc.string({ maxLength: 4, unit: "grapheme" })),
  fc.oneof(
    fc.dictionary(fc.string({ maxLength: 3 }), fc.oneof(fc.string(), fc.jsonValue())),
    fc.string({ unit: "grapheme" }),
    fc.jsonValue({ maxDepth: 3 }),
  ),
);

test("what JSON.stringify writes is accepted, and every span re-parses to its value", () => {
  fc.assert(
    fc.property(fc.array(alertLike), fc.constantFrom(0, 1, "\t"), (alerts, indent) => {
      const bytes = Buffer.from(JSON.stringify(alerts, null, indent));
      expect(scanner.scan(bytes)).toBeNull();
      expect(scanner.count).toBe(alerts.length);
      alerts.forEach((alert, index) => {
        const row = index * rowWidth;
        const value = (column: number): unknown => {
          const start = scanner.rows[row + column] as number;
          if (start === -1) return null;
          return JSON.parse(bytes.toString("utf8", start, scanner.rows[row + column + 1]));
        };
        const plain: unknown = JSON.parse(JSON.stringify(alert));
        expect(value(columns.start)).toEqual(plain);
        for (const name of fieldNames) {
          const column = name === "dedup_key" ? columns.dedupKey : columns[name as "labels"];
          const own = Object.hasOwn(alert, name) ? (plain as Record<string, unknown>)[name] : null;
          expect(value(column)).toEqual(own);
        }
      });
    }),
    runs,
  );
});

test("an unsuspected alert has no fault but an empty label set", () => {
  fc.assert(
    fc.property(fc.array(alertLike, { minLength: 1 }), (alerts) => {
      scanner.scan(Buffer.from(JSON.stringify(alerts)));
      alerts.forEach((alert, index) => {
        if (scanner.rows[index * rowWidth + columns.suspect] === 1) return;
        const fault = findFault(JSON.parse(JSON.stringify(alert)));
        expect(fault === null || fault.reason.startsWith("at least one label")).toBe(true);
      });
    }),
    runs,
  );
});

test("damaged JSON is refused exactly when JSON.parse refuses it", () => {
  const damage = fc.record({
    value: fc.jsonValue({ maxDepth: 4 }),
    at: fc.nat(),
    cut: fc.nat({ max: 3 }),
    insert: fc.oneof(
      fc.constantFrom("", "[", "]", "{", "}", ",", ":", '"', "\\", "0", "-", "1e", ".", "\n"),
      fc.constantFrom(" ", "\u0001", "tru", "null", "\\u12", "\ufeff"),
    ),
  });
  fc.assert(
    fc.property(damage, ({ value, at, cut, insert }) => {
      const text = JSON.stringify(value);
      const place = at % (text.length + 1);
      const damaged = text.slice(0, place) + insert + text.slice(place + cut);
      fc.pre(damaged.isWellFormed());
      expect([damaged, accepts(damaged)]).toEqual([damaged, parses(damaged)]);
      expect(jsonFault(Buffer.from(damaged)) === null).toBe(parses(damaged));
    }),
    { ...runs, numRuns: 3000 },
  );
});

test("text over JSON's own alphabet is judged as JSON.parse judges it", () => {
  const unit = fc.constantFrom(..."[]{},:\"\\u0019aeE+-. \t\ntrfnlsé");
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 12 }), (text) => {
      expect([text, accepts(text)]).toEqual([text, parses(text)]);
    }),
    { ...runs, numRuns: 5000 },
  );
});

test("random bytes never make the scanner throw, nor pass for ASCII", () => {
  const inString = fc.uint8Array({ maxLength: 200 }).map((bytes) =>
    Buffer.concat([Buffer.from('{"a":"'), bytes, Buffer.from('"}')]),
  );
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), inString), (bytes) => {
      scanner.scan(bytes);
      if (scanner.isAscii) expect(isAscii(bytes)).toBe(true);
      scanner.scanLines(bytes, false);
      expect(scanner.count).toBeLessThanOrEqual(208);
    }),
    runs,
  );
});

test("every character at every place of a string is judged as JSON.parse does", () => {
  for (let code = 0; code < 0x250; code += 1) {
    for (let before = 0; before < 9; before += 1) {
      for (const after of ["", "x", "\u00e9xxxxxxx", "\\n", '"', "\u0001"]) {
        const value = "x".repeat(before) + String.fromCharCode(code) + after;
        const text = `[{"labels":{"a":"${value}"}}]`;
        if (accepts(text) !== parses(text)) expect.fail(JSON.stringify(text));
      }
    }
  }
});
