import { expect, test } from "vitest";
import { converted, quantityText } from "./quantity.ts";

test.each([
  [5.2, "s", "ms", 5_200],
  [5_200, "ms", "s", 5.2],
  [4, "h", "s", 14_400],
  [7, "%", "ratio", 0.07],
  [0.5, "1", "%", 50],
  [3, "GiBy", "MiB", 3_072],
  [120, "{request}/min", "requests/s", 2],
  [24, "usd/d", "USD/h", 1],
  [85, "C", "°C", 85],
  [3, "{error}", "", 3],
  [3, "widgets", "widgets", 3],
])("%d %s in %s is %d", (value, from, to, expected) => {
  expect(converted(value, from, to)).toBe(expected);
});

test.each([["s", "By"], ["widgets", "ms"], ["constructor", "ms"], ["", "ms"], ["K", "Cel"]])(
  "%j is nothing in %j",
  (from, to) => expect(converted(1, from, to)).toBe(null),
);

test.each([
  [900, "ms", "900 ms"],
  [12_500, "ms", "12.5 s"],
  [300, "s", "5 min"],
  [14_400, "s", "4 h"],
  [0.0731, "ratio", "7.31 %"],
  [7.3, "%", "7.3 %"],
  [0.31, "", "0.31"],
  [12_345.6, "", "12346"],
  [41 * 2 ** 30, "By", "41 GiB"],
  [91.04, "°C", "91.04 °C"],
  [0.07, "usd", "$0.07"],
  [812.55, "usd/h", "$812.5/h"],
  [17, "tokens/s", "17/s"],
  [3, "widgets", "3 widgets"],
])("%d %s reads %s", (value, unit, text) => {
  expect(quantityText(value, unit)).toBe(text);
});
