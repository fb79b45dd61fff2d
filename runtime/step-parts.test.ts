import { expect, test } from "vitest";
import { partsOf } from "./step-parts.ts";

const sizes = (parts: unknown[][]): number[] => parts.map((part) => part.length);
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

test("small outputs go out by 500, in order", () => {
  expect(sizes(partsOf(numbers(500)))).toEqual([500]);
  expect(sizes(partsOf(numbers(1_001)))).toEqual([500, 500, 1]);
  expect(partsOf(numbers(1_001)).flat()).toEqual(numbers(1_001));
  expect(partsOf([])).toEqual([]);
});

test("large outputs share messages of 768 KiB; a larger one has its own", () => {
  const kib = (output: number): number => output * 1024;
  expect(partsOf([300, 300, 300, 900, 1, 768, 1], kib)).toEqual([
    [300, 300],
    [300],
    [900],
    [1],
    [768],
    [1],
  ]);
});
