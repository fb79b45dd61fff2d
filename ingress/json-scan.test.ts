import { describe, expect, test } from "vitest";
import { alertsPerRequestMax, jsonDepthMax } from "./alert-limits.ts";
import { AlertScanner, columns, rowWidth } from "./json-scan.ts";

function scanned(text: string) {
  const scanner = new AlertScanner(1);
  const bytes = Buffer.from(text);
  const error = scanner.scan(bytes);
  const text1 = (index: number, column: number): string | null => {
    const start = scanner.rows[index * rowWidth + column] as number;
    const end = scanner.rows[index * rowWidth + column + 1] as number;
    return start === -1 ? null : bytes.toString("utf8", start, end);
  };
  const suspects = Array.from(
    { length: scanner.count },
    (_, index) => scanner.rows[index * rowWidth + columns.suspect] === 1,
  );
  return { error, count: scanner.count, span: text1, suspects };
}

describe("accepted by grammar", () => {
  test.each([
    ['{"labels":{"a":"b"}}', 1],
    [' [ {"labels":{"a":"b"}} , {"labels":{}} ] \r\n', 2],
    ["[]", 0],
    ["[1,null,true,\"x\",[[]],-0.5e+7]", 6],
    ['{"a":"\\u00e9\\n\\/","labels":{"é":"😀"}}', 1],
  ])("%s", (text, count) => {
    expect(scanned(text)).toMatchObject({ error: null, count });
  });
});

describe("refused with the offset", () => {
  test.each([
    ["", 0],
    ["[", 1],
    ["[{]", 2],
    ['[{"labels":{"a":"b"}},]', 22],
    ['{"a":01}', 6],
    ['{"a":1.}', 7],
    ['{"a":.5}', 5],
    ['{"a":"\\x"}', 6],
    ['{"a":"\\u00g0"}', 10],
    ['{"a":"\n"}', 6],
    ['{"a":tru}', 8],
    ["{} {}", 3],
    ["{'a':1}", 1],
    ["\ufeff{}", 0],
    ['{"a":NaN}', 5],
  ])("%s at byte %i", (text, offset) => {
    expect(scanned(text).error?.offset).toBe(offset);
  });
});

test("the last of duplicate names counts, as in JSON.parse", () => {
  const { span } = scanned('{"labels":{"a":"1"},"endsAt":"x","labels":{"a":"2"},"endsAt":null}');
  expect(span(0, columns.labels)).toBe('{"a":"2"}');
  expect(span(0, columns.endsAt)).toBeNull();
});

test("an escaped name is the name that it spells", () => {
  const { span } = scanned('{"l\\u0061bels":{"a":"1"},"labels\\n":{"b":"2"}}');
  expect(span(0, columns.labels)).toBe('{"a":"1"}');
});

test("only what may be wrong is suspected", () => {
  const { suspects } = scanned(
    '[{"labels":{"a":"b"}},{"labels":{"a":1}},{"labels":[]},{"x":1},7,' +
      '{"labels":{"a":"b"},"annotations":{"c":null}},{"labels":{"a":"b"},"startsAt":3},' +
      '{"labels":{"a":"b"},"other":{"deep":[1]}}]',
  );
  expect(suspects).toEqual([false, true, true, true, true, true, true, false]);
});

test("nesting is limited, wherever it is", () => {
  const deep = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
  expect(scanned(`[{"labels":{},"x":${deep(jsonDepthMax - 2)}}]`).error).toBeNull();
  expect(scanned(`[{"labels":{},"x":${deep(jsonDepthMax - 1)}}]`).error?.message).toMatch(/levels/);
  expect(scanned("[".repeat(1_000_000)).error?.message).toMatch(/levels/);
  expect(scanned('{"a":'.repeat(1_000_000)).error?.message).toMatch(/levels/);
});

test("the number of alerts is limited", () => {
  const list = (count: number): string => `[${Array(count).fill("{}").join(",")}]`;
  expect(scanned(list(alertsPerRequestMax)).count).toBe(alertsPerRequestMax);
  const over = scanned(list(alertsPerRequestMax + 1));
  expect(over.error?.message).toMatch(/more than 10000 alerts/);
  expect(over.count).toBe(0);
});

test("a broken line of NDJSON is a row of its own, its neighbours stay", () => {
  const scanner = new AlertScanner(1);
  const text = '{"labels":{"a":"1"}}\n{"labels":\n\n{"labels":{"a":"2"}}\r\n{} x\n[1]';
  const bytes = Buffer.from(text);
  expect(scanner.scanLines(bytes, true)).toBeNull();
  const broken = Array.from({ length: scanner.count }, (_, index) => [
    scanner.rows[index * rowWidth + columns.broken],
    bytes.toString(
      "utf8",
      scanner.rows[index * rowWidth + columns.start],
      scanner.rows[index * rowWidth + columns.end],
    ),
  ]);
  expect(broken).toEqual([
    [0, '{"labels":{"a":"1"}}'],
    [1, '{"labels":'],
    [0, '{"labels":{"a":"2"}}'],
    [1, "{} x"],
    [0, "[1]"],
  ]);
});

test("too many lines are refused, whatever the one too many holds", () => {
  const scanner = new AlertScanner(1);
  for (const last of ["{}", "{", "\xff"]) {
    const text = `${"{}\n".repeat(alertsPerRequestMax)}\n \n${last}`;
    const error = scanner.scanLines(Buffer.from(text, "latin1"), false);
    expect(error?.message).toMatch(/more than 10000 alerts/);
    expect(scanner.count).toBe(0);
  }
});

test("a line that is no UTF-8 is broken, and only that one", () => {
  const scanner = new AlertScanner(1);
  const bytes = Buffer.from('{"a":"b"}\n{"a":"\xff"}\n{"a":"c"}', "latin1");
  expect(scanner.scanLines(bytes, false)).toBeNull();
  const broken = [0, 1, 2].map((index) => scanner.rows[index * rowWidth + columns.broken]);
  expect(broken).toEqual([0, 1, 0]);
  expect(scanner.count).toBe(3);
});

test("a body may be larger than the memory was, and leaves nothing to the next one", () => {
  const scanner = new AlertScanner(1);
  const startsAt = "2026-01-01T00:00:00Z";
  const one = (value: string): Buffer =>
    Buffer.from(`[{"startsAt":"${startsAt}","labels":{"a":"${value}"}}]`);
  for (const bytes of [10, 5_000_000, 20, 300_000, 9_000_000, 30]) {
    const body = one("x".repeat(bytes));
    expect(scanner.scan(body)).toBeNull();
    expect(scanner.count).toBe(1);
    expect(scanner.rows[columns.labels + 1]).toBe(body.length - 2);
    expect(scanner.startsAtMs(0)).toBe(Date.parse(startsAt));
    expect(scanner.rows[columns.suspect]).toBe(bytes > 8192 ? 1 : 0);
    expect(scanner.scan(body.subarray(0, -1))?.offset).toBe(body.length - 1);
  }
});

test.each([
  ["[]", true],
  ['[{"labels":{"a":"b"}},7]', true],
  ['[{"labels":{"a":"é"}}]', false],
  ['[{"é":1}]', false],
  [`[{"a":["${"x".repeat(40)}é${"x".repeat(40)}"]}]`, false],
  ['[{"a":"\\u00e9é"}]', false],
  ["[", false],
  ["é", false],
])("%s is ASCII: %s", (text, isAscii) => {
  const scanner = new AlertScanner(1);
  scanner.scan(Buffer.from(text));
  expect(scanner.isAscii).toBe(isAscii);
});
