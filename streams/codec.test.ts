/**
 * The log's binary form against recorded bytes: what was written once must be readable for ever.
 * A change here is a change of the format, and needs a new version byte.
 */
import { describe, expect, test } from "vitest";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { codec, codecVersion } from "./codec.ts";

/** Without the version byte. */
const recorded: [name: string, value: unknown, hex: string][] = [
  ["a wake record", { kind: "wake" }, "de0001a46b696e64a477616b65"],
  [
    "an empty step",
    {
      kind: "step",
      inputSeq: 7,
      timeMs: 1_700_000_000_123,
      outputs: [],
      relayed: { stepSeq: 5, incidentsSeq: 9, outboxSeq: 0 },
      owner: "n/0",
      n: 3,
      snapshot: "",
    },
    "de0008a46b696e64a473746570a8696e70757453657107a674696d654d73cb4278bcfe5687b000a76f757470" +
      "75747390a772656c61796564de0003a77374657053657105ac696e636964656e747353657109a96f7574626f" +
      "7853657100a56f776e6572a36e2f30a16e03a8736e617073686f74a0",
  ],
  [
    "every kind of value",
    {
      text: "é",
      no: null,
      yes: true,
      minus: -1,
      half: 0.5,
      big: 2 ** 40,
      bytes: Buffer.from([1, 255]),
      list: [1, [2]],
    },
    "de0008a474657874a2c3a9a26e6fc0a3796573c3a56d696e7573ffa468616c66cb3fe0000000000000a36269" +
      "67cb4270000000000000a56279746573c40201ffa46c69737492019102",
  ],
];

describe("recorded bytes", () => {
  test.each(recorded)("%s - is written as it was", (_name, value, hex) => {
    expect(Buffer.from(codec.encode(value)).toString("hex")).toBe(`02${hex}`);
  });

  test.each(recorded)("%s - is read as it was meant, in both versions", (_name, value, hex) => {
    for (const version of ["01", "02"]) {
      expect(codec.decode(Buffer.from(version + hex, "hex"))).toEqual(value);
    }
  });
});

test("another version is refused, and named", () => {
  const future = Buffer.from([codecVersion + 1, 0xc0]);
  expect(() => codec.decode(future)).toThrow("version 4, this program reads 1 to 3");
  expect(() => codec.decode(new Uint8Array())).toThrow("version none");
});

test("what was decoded encodes to the same bytes: steps can be compared by them", () => {
  for (const [, , hex] of recorded) {
    const decoded = codec.decode(Buffer.from(`02${hex}`, "hex"));
    expect(Buffer.from(codec.encode(decoded)).toString("hex")).toBe(`02${hex}`);
  }
});

describe("long records", () => {
  const alert = (n: number): object => ({ fingerprint: `${n}`, labels: { service: "checkout" } });
  const long = { kind: "alerts", items: Array.from({ length: 1_000 }, (_, n) => alert(n)) };

  test("take a fraction of their bytes and are read as they were", () => {
    const data = codec.encode(long);
    expect(data[0]).toBe(3);
    expect(data.length).toBeLessThan(JSON.stringify(long).length / 5);
    expect(codec.decode(data)).toEqual(long);
  });

  test("are msgpack in a frame of zstd: any language can read them", () => {
    const body = zstdDecompressSync(codec.encode(long).subarray(1));
    expect(codec.decode(Buffer.concat([Buffer.from([2]), body]))).toEqual(long);
  });

  test("encode to the same bytes each time: steps can be compared by them", () => {
    expect(codec.encode(codec.decode(codec.encode(long)))).toEqual(codec.encode(long));
  });

  test("that would not fit into memory are refused", () => {
    const bomb = Buffer.concat([Buffer.from([3]), zstdCompressSync(Buffer.alloc(2 ** 21))]);
    expect(() => codec.decode(bomb)).toThrow("larger than 262144 bytes");
  });

  test("of more than 256 KiB stay as they are, whatever they hold", () => {
    const pages = { pages: new Uint8Array(256 * 1024 + 1) };
    const data = codec.encode(pages);
    expect(data[0]).toBe(2);
    expect((codec.decode(data) as typeof pages).pages).toHaveLength(256 * 1024 + 1);
  });
});
