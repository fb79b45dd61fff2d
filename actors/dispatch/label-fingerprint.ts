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

/** The hash so far, in halves that are 32-bit integers with a sign. */
let high = 0;
let low = 0;

/** 16 lower-case hexadecimal digits. */
export function labelFingerprint(labels: Labels): string {
  high = offsetHigh | 0;
  low = offsetLow | 0;
  for (const name of Object.keys(labels).sort(byCodeUnits)) {
    addText(name);
    addText(labels[name]!);
  }
  return hex(high) + hex(low);
}

function addText(text: string): void {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x80) {
      add(code);
      continue;
    }
    for (const byte of encoder.encode(text.slice(at))) add(byte);
    break;
  }
  add(separator);
}

/** Of 64 bits times the prime, in pieces whose products are small integers. */
function add(byte: number): void {
  const mixed = low ^ byte;
  const first = (mixed & 0xffff) * primeLow;
  const second = (mixed >>> 16) * primeLow + (first >>> 16);
  low = (second << 16) | (first & 0xffff);
  high = (Math.imul(high, primeLow) + (second >>> 16) + (mixed << 8)) | 0;
}

function hex(half: number): string {
  return (half >>> 0).toString(16).padStart(8, "0");
}
