import { expect, test } from "vitest";
import { bundleOf, sectionsOf } from "./bundle.ts";

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);

test("a bundle has its sections in their order, empty ones too", () => {
  const sections = [
    { partition: 3, data: bytes(1, 2, 3) },
    { partition: 0, data: bytes() },
    { partition: 65_535, data: bytes(9) },
  ];
  expect(sectionsOf(bundleOf(sections))).toEqual(sections);
  expect(sectionsOf(bundleOf([]))).toEqual([]);
});

test("its layout is the documented one", () => {
  expect([...bundleOf([{ partition: 258, data: bytes(7, 8) }])]).toEqual(
    [0xf4, 1, 1, 0, 2, 1, 0, 0, 2, 0, 0, 0, 7, 8],
  );
});

test("what is cut, longer, of another version or no bundle is not read at all", () => {
  const whole = bundleOf([
    { partition: 1, data: bytes(1, 2) },
    { partition: 2, data: bytes(3) },
  ]);
  for (let length = 0; length < whole.length; length += 1) {
    expect(sectionsOf(whole.subarray(0, length)), `${length} bytes`).toBeNull();
  }
  expect(sectionsOf(bytes(...whole, 0))).toBeNull();
  expect(sectionsOf(bytes(0xf4, 2, 0, 0))).toBeNull();
  expect(sectionsOf(bytes(0xf1, 1, 0, 0))).toBeNull();
});
