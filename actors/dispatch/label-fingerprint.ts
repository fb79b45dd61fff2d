/**
 * The fingerprint that Alertmanager gives an alert: receivers and clients know alerts by it. Tocsin
 * itself tells alerts apart by a better hash, which also knows senders' own keys.
 * Source: prometheus/common LabelSet.Fingerprint: 64 bits of FNV-1a over each label in order of
 * names, name and value each ended by 0xFF.
 */
import type { Labels } from "../alert/events.ts";
import { byCodeUnits } from "./text.ts";

const offsetHigh = 0xcbf29ce4;
const offsetLow = 0x84222325;
/** The prime is 2^40 + this. */
const primeLow = 0x1b3;
const separator = 0xff;
const encoder = new TextEncoder();

/** 16 lower-case hexadecimal digits. */
export function labelFingerprint(labels: Labels): string {
  let [high, low] = [offsetHigh, offsetLow];
  const add = (byte: number): void => {
    const mixed = (low ^ byte) >>> 0;
    const product = mixed * primeLow;
    low = product >>> 0;
    high = (high * primeLow + Math.floor(product / 2 ** 32) + (mixed << 8)) >>> 0;
  };
  for (const name of Object.keys(labels).sort(byCodeUnits)) {
    for (const text of [name, labels[name]!]) {
      for (const byte of encoder.encode(text)) add(byte);
      add(separator);
    }
  }
  return hex(high) + hex(low);
}

function hex(half: number): string {
  return half.toString(16).padStart(8, "0");
}
