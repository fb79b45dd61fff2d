import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { alertRecord, buildFrame } from "../testing/frame-builder.ts";
import type { AlertRecord } from "../testing/frame-builder.ts";
import { fingerprintText } from "./fingerprint-text.ts";
import { frameFlags, frameHeadBytes, recordHeadBytes } from "./frame.ts";
import { FrameReader } from "./frame-reader.ts";

const alert = alertRecord({ labels: { alertname: "a" } }, { startsAtMs: 1, endsAtMs: 2 });

function readAll(reader: FrameReader): AlertRecord[] {
  const records: AlertRecord[] = [];
  while (reader.next()) {
    records.push({
      fingerprint: fingerprintText(reader.fingerprintHigh, reader.fingerprintLow),
      contentHash: reader.contentHash >>> 0,
      startsAtMs: reader.startsAtMs,
      endsAtMs: reader.endsAtMs,
      endsByTimeout: (reader.flags & frameFlags.endsByTimeout) !== 0,
      payload: new Uint8Array(reader.payload()),
    });
  }
  return records;
}

test("reads back what was written, whatever lies around the frame in its buffer", () => {
  const record: fc.Arbitrary<AlertRecord> = fc.record({
    fingerprint: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((n) =>
      n.toString(16).padStart(16, "0"),
    ),
    contentHash: fc.nat({ max: 0xffffffff }),
    startsAtMs: fc.integer({ min: 0, max: 2 ** 45 }),
    endsAtMs: fc.integer({ min: 0, max: 2 ** 45 }),
    endsByTimeout: fc.boolean(),
    payload: fc.uint8Array({ maxLength: 50 }),
  });
  const reader = new FrameReader();
  fc.assert(
    fc.property(fc.array(record, { maxLength: 20 }), fc.nat({ max: 9 }), (records, offset) => {
      const frame = buildFrame(7, records);
      const buffer = new Uint8Array(frame.length + 20).fill(0xff);
      buffer.set(frame, offset);
      reader.open(buffer.subarray(offset, offset + frame.length));
      expect(reader.receivedAtMs).toBe(7);
      expect(readAll(reader)).toEqual(records);
      expect(reader.next()).toBe(false);
    }),
    { seed: 4711, numRuns: 200 },
  );
});

test("reads a rejection", () => {
  const reader = new FrameReader();
  reader.open(buildFrame(7, [{ rejected: { reason: "r", detail: "d" }, count: 12 }]));
  expect(reader.next()).toBe(true);
  expect(reader.flags).toBe(frameFlags.rejection);
  expect(reader.count).toBe(12);
  expect(Buffer.from(reader.payload()).toString()).toBe('{"reason":"r","detail":"d"}');
});

describe("a corrupt frame is refused before its first record", () => {
  const intact = buildFrame(7, [alert, alert]);
  const changed = (change: (view: DataView) => void): Uint8Array => {
    const copy = new Uint8Array(intact);
    change(new DataView(copy.buffer));
    return copy;
  };
  const second = frameHeadBytes + (intact.length - frameHeadBytes) / 2;
  const cases: [string, Uint8Array, RegExp][] = [
    ["nothing", new Uint8Array(0), /0 bytes are no frame head/],
    ["another magic", changed((view) => view.setUint8(0, 0xf0)), /not an alert frame/],
    ["another version", changed((view) => view.setUint8(1, 2)), /version 1: starts 241, 2/],
    ["cut in a head", intact.subarray(0, second + 8), /ends in the head of record 1 of 2/],
    ["cut in a payload", intact.subarray(0, -1), /ends in the payload of record 1 of 2/],
    ["fewer records", changed((view) => view.setUint32(4, 1, true)), /bytes follow the last of 1/],
    ["more records", changed((view) => view.setUint32(4, 3, true)), /head of record 2 of 3/],
    [
      "a payload longer than the frame",
      changed((view) => view.setUint32(second, 0xffffffff, true)),
      /payload of record 1/,
    ],
    ["a flag", changed((view) => view.setUint32(second + 4, 8, true)), /unknown flags 8/],
    [
      "a reference with content",
      changed((view) => view.setUint32(second + 4, 4, true)),
      /record 1 refers to known content/,
    ],
    ["a time", changed((view) => view.setFloat64(second + 32, Number.NaN, true)), /times 1, NaN/],
  ];
  test.each(cases)("%s", (_name, frame, message) => {
    const reader = new FrameReader();
    expect(() => reader.open(frame)).toThrow(message);
    expect(reader.next()).toBe(false);
  });

  test("random bytes behind a frame's head never read beyond it", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3 * recordHeadBytes }), fc.nat(3), (tail, count) => {
        const frame = new Uint8Array([...intact.subarray(0, frameHeadBytes), ...tail]);
        new DataView(frame.buffer).setUint32(4, count, true);
        const reader = new FrameReader();
        try {
          reader.open(frame);
        } catch (error) {
          expect(String(error)).toMatch(/corrupt frame/);
          return;
        }
        const bytes = readAll(reader).reduce(
          (sum, { payload }) => sum + recordHeadBytes + (payload as Uint8Array).length,
          0,
        );
        expect(bytes).toBe(tail.length);
      }),
      { seed: 4711, numRuns: 300 },
    );
  });
});
