import { expect, test } from "vitest";
import { StartParts } from "./start-parts.ts";

test("each part has the time since the one before it; together they are all of it", () => {
  let nowMs = 400.4;
  const parts = new StartParts(() => nowMs);
  parts.ended("program");
  nowMs = 1_000;
  parts.ended("NATS");
  parts.ended("streams");
  nowMs = 1_500;
  parts.ended("partitions");
  expect(parts.ms).toEqual({ program: 400, NATS: 600, streams: 0, partitions: 500 });
  expect(Object.keys(parts.ms)).toEqual(["program", "NATS", "streams", "partitions"]);
});
