/**
 * msgpack with a leading version byte, for steps, work records and snapshots.
 * Standard msgpack only (no record extension), so that any language can read the log.
 *
 * In a storm one alert is much like the one before it, and each of its bytes is copied several
 * times on its way to the disk and back. So what is long goes through zstd, which takes about a
 * microsecond an alert and leaves a twentieth of its bytes.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { Packr, RESET_BUFFER_MODE } from "msgpackr";
import type { Codec } from "../runtime/ports.ts";

/**
 * Of what is written. Steps of version 2 hold alert events as text and differences of incidents
 * (runtime/step-encoding.ts), work records the same text; the rest is as in version 1.
 */
const plainVersion = 0x02;
/** As version 2, and everything behind the version byte is one frame of zstd. */
export const codecVersion = 0x03;
const versionMin = 0x01;

/** Below it, setting the compressor up costs more than the bytes that it saves. */
const compressedBytesMin = 16 * 1024;
/** What is longer are copies of memory for snapshots, whose pause counts. */
const compressedBytesMax = 256 * 1024;
const fastest = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/**
 * The packer writes into one buffer over and over, and it never shrinks by itself. Snapshots make
 * it grow; what follows them is small.
 */
const workBytes = 64 * 1024;
const workBytesMax = 1024 * 1024;

const packr = new Packr({ useRecords: false, mapsAsObjects: true, int64AsType: "number" });

export const codec: Codec = {
  encode(value: unknown): Uint8Array {
    // The copies below free the packer's buffer at once.
    const body = packr.pack(value, RESET_BUFFER_MODE);
    const { length } = body;
    if (length >= compressedBytesMin && length <= compressedBytesMax) {
      return versioned(codecVersion, zstdCompressSync(body, fastest));
    }
    const out = versioned(plainVersion, body);
    if (length > workBytesMax) packr.useBuffer(Buffer.allocUnsafeSlow(workBytes));
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
    const body = data.subarray(1);
    if (version === plainVersion || version === versionMin) return packr.unpack(body);
    return packr.unpack(zstdDecompressSync(body, { maxOutputLength: compressedBytesMax }));
  },
};

function versioned(version: number, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(body.length + 1);
  out[0] = version;
  out.set(body, 1);
  return out;
}
