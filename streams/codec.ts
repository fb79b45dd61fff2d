/**
 * msgpack with a leading version byte, for steps, work records and snapshots.
 * Standard msgpack only (no record extension), so that any language can read the log.
 */
import { Packr } from "msgpackr";
import type { Codec } from "../runtime/ports.ts";

export const codecVersion = 0x01;

const packr = new Packr({ useRecords: false, mapsAsObjects: true, int64AsType: "number" });

export const codec: Codec = {
  encode(value: unknown): Uint8Array {
    const body = packr.pack(value);
    const out = new Uint8Array(body.length + 1);
    out[0] = codecVersion;
    out.set(body, 1);
    return out;
  },

  decode(data: Uint8Array): unknown {
    if (data[0] !== codecVersion) {
      throw new Error(
        `log record has version ${data[0] ?? "none"}, this program reads ${codecVersion}`,
      );
    }
    return packr.unpack(data.subarray(1));
  },
};
