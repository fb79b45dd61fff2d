/**
 * msgpack with a leading version byte, for steps, work records and snapshots.
 * Standard msgpack only (no record extension), so that any language can read the log.
 */
import { Packr, RESET_BUFFER_MODE } from "msgpackr";
import type { Codec } from "../runtime/ports.ts";

/**
 * Of what is written. Steps of version 2 hold alert events as text and differences of incidents
 * (runtime/step-encoding.ts), work records the same text; the rest is as in version 1.
 */
export const codecVersion = 0x02;
const versionMin = 0x01;

/**
 * The packer writes into one buffer over and over, and it never shrinks by itself. Snapshots make
 * it grow; what follows them is small.
 */
const workBytes = 64 * 1024;
const workBytesMax = 1024 * 1024;

const packr = new Packr({ useRecords: false, mapsAsObjects: true, int64AsType: "number" });

export const codec: Codec = {
  encode(value: unknown): Uint8Array {
    // The copy below frees the packer's buffer at once.
    const body = packr.pack(value, RESET_BUFFER_MODE);
    const out = new Uint8Array(body.length + 1);
    out[0] = codecVersion;
    out.set(body, 1);
    if (body.length > workBytesMax) packr.useBuffer(Buffer.allocUnsafeSlow(workBytes));
    return out;
  },

  decode(data: Uint8Array): unknown {
    const version = data[0] ?? 0;
    if (version < versionMin || version > codecVersion) {
      throw new Error(
        `log record has version ${data[0] ?? "none"}, ` +
          `this program reads ${versionMin} to ${codecVersion}`,
      );
    }
    return packr.unpack(data.subarray(1));
  },
};
