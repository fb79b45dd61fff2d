import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { codec } from "../streams/codec.ts";
import { PayloadPacker, type PackerSnapshot } from "./payload-packer.ts";

const bytesOf = (text: string): Uint8Array => Buffer.from(text);

function packed(packer: PayloadPacker, text: string): Uint8Array {
  return Uint8Array.from(packer.pack(bytesOf(text)));
}

const alert = (instance: number): string =>
  JSON.stringify({
    annotations: { summary: 'disk is "full", {really}', description: "änder\\das" },
    labels: { alertname: "DiskFull", instance: `node-${instance}`, job: "node-exporter" },
  });

describe("payload packer", () => {
  test("gives back any bytes as they were, whatever came before", () => {
    const piece = fc.constantFrom('{"a":', '"b,{\\""', ",", "}", "{", '"', "\\", "xyz", "é,");
    const text = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(""));
    const payload = fc.oneof(text.map(bytesOf), fc.uint8Array({ maxLength: 400 }));
    fc.assert(
      fc.property(fc.array(payload, { maxLength: 20 }), (payloads) => {
        const packer = new PayloadPacker();
        const kept = payloads.map((one) => Uint8Array.from(packer.pack(one)));
        kept.forEach((bytes, at) => {
          expect(Buffer.compare(packer.unpack(bytes), payloads[at] as Uint8Array)).toBe(0);
        });
      }),
      { seed: 4711, numRuns: 500 },
    );
  });

  test("what comes again takes two bytes a token", () => {
    const packer = new PayloadPacker();
    packed(packer, alert(1));
    packed(packer, alert(2));
    const third = packed(packer, alert(3));
    expect(packer.unpack(third).toString()).toBe(alert(3));
    expect(third.length).toBeLessThan(45);
    expect(alert(3).length).toBeGreaterThan(150);
  });

  test("leaves out the times of the alert, and no others", () => {
    const packer = new PayloadPacker();
    const text =
      '{"endsAt":"2026-01-01T00:00:00Z", "startsAt" : "x","labels":{"startsAt":"y","endsAt":"z"},' +
      '"startsAtX":1,"endsAt":"last"}';
    const left = '{ "startsAt" : "x","labels":{"startsAt":"y","endsAt":"z"},' +
      '"startsAtX":1,"endsAt":"last"}';
    expect(packer.unpack(packed(packer, text)).toString()).toBe(left);
  });

  test("another packer with its dictionary unpacks the same", () => {
    const packer = new PayloadPacker();
    for (let n = 0; n < 500; n += 1) packed(packer, `{"n":"${n % 250} of many","m":"${n}"}`);
    const kept = packed(packer, '{"n":"17 of many","m":"x"}');
    const restored = new PayloadPacker();
    restored.restore(codec.decode(codec.encode(packer.snapshot())) as PackerSnapshot);
    expect(restored.unpack(kept).toString()).toBe('{"n":"17 of many","m":"x"}');
    expect(packed(restored, '{"n":"17 of many","m":"x"}')).toEqual(kept);
    expect(() => new PayloadPacker().unpack(kept)).toThrow("no token");
  });

  test("its dictionary has a limit, beyond which texts stay as they are", () => {
    const packer = new PayloadPacker();
    for (let n = 0; n < 40_000; n += 1) {
      const text = `token number ${n},`;
      packer.pack(bytesOf(text));
      packer.pack(bytesOf(text));
    }
    const { bytes, ends } = packer.snapshot();
    expect(ends.length / 4).toBeLessThanOrEqual(32_768);
    expect(bytes.length).toBeLessThanOrEqual(1024 * 1024);
    const late = "never seen before,".repeat(30);
    expect(packer.unpack(packed(packer, late)).toString()).toBe(late);
  });
});
