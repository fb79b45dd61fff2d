/** What is printed: safe text, aligned tables, durations. */
import { expect, test } from "vitest";
import { readDuration, showDuration } from "./durations.ts";
import { plain, plainLines } from "./plain-text.ts";
import { table } from "./table.ts";

test("plain text keeps what is harmless, in any script", () => {
  for (const text of ["", "a b", "naïve café", "наука", "日本語", "🔥 hot", "a\\nb", "50 % <ok>"]) {
    expect(plain(text)).toBe(text);
  }
});

test("plain text shows what a terminal or a reader's eye would obey", () => {
  const cases: [string, string][] = [
    ["a\nb\r\tc", "a\\nb\\r\\tc"],
    ["\u001b]0;title\u0007", "\\u{1b}]0;title\\u{7}"],
    ["\u009b1A", "\\u{9b}1A"],
    ["\u0000\u007f", "\\u{0}\\u{7f}"],
    ["abc\u202efed", "abc\\u{202e}fed"],
    ["pay\u200bpal", "pay\\u{200b}pal"],
    ["\u2028", "\\u{2028}"],
    ["\ud800", "\\u{d800}"],
  ];
  for (const [given, shown] of cases) expect(plain(given)).toBe(shown);
  expect(plainLines("a\r\nb\u001b[2K\n\tc", "> ")).toBe("> a\n> b\\u{1b}[2K\n>   c");
});

test("columns are as wide as their widest cell; the last one is not padded", () => {
  const text = table(["A", "LONG"], [["日本", "x"], ["abcde", "y"]]);
  expect(text).toBe("A      LONG\n日本   x\nabcde  y\n");
  const painted = table(["A", "B"], [["x", "y"]], (cell, column, row) =>
    row === 0 && column === 0 ? `<${cell}>` : cell,
  );
  expect(painted).toBe("A  B\n<x>  y\n");
  const long = table(["T"], [["🔥".repeat(300)]]);
  expect(long).toBe(`T\n${"🔥".repeat(99)}…\n`);
});

test("durations are read in the units that people use, and bounded", () => {
  const dayMs = 86_400_000;
  const good: [string, number][] = [
    ["500ms", 500],
    ["90s", 90_000],
    ["1h30m", 5_400_000],
    ["1d", dayMs],
  ];
  for (const [text, ms] of good) expect(readDuration("--for", text, dayMs)).toBe(ms);
  for (const text of ["", "5", "m", "5 m", "-5m", "1.5h", "0s", "2d", "5m!", "1e3s"]) {
    expect(() => readDuration("--for", text, dayMs)).toThrow("at most 1d");
  }
  expect([0, 59_999, 60_000, 3_599_999, 7_200_000, 2 * dayMs].map(showDuration)).toEqual([
    "0s",
    "59s",
    "1m",
    "59m",
    "2h",
    "2d",
  ]);
  expect(showDuration(-5)).toBe("0s");
});
