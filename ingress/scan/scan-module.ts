/**
 * An instance of the scan (assembly/, compiled to alert-scan.wasm by build.ts), with the memory
 * that bodies are copied into. The module is compiled once per thread, instances are its users'.
 *
 * The memory grows to the largest body that it was given and stays: what a request may hold bounds
 * it. To give it back, another instance would have to be made, and the old memory would go when the
 * garbage collector comes round: senders of large and small bodies in turn could pile those up.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type WasmMemory, webAssembly } from "../../runtime/web-assembly.ts";
import { alertsPerRequestMax, jsonDepthMax } from "../alert-limits.ts";
import {
  bodyAt,
  colonExpected,
  commaOrBrace,
  commaOrBracket,
  controlCharacter,
  endedEarly,
  hexExpected,
  literalExpected,
  nameExpected,
  nestedTooDeep,
  paddingBytes,
  rowWidth,
  rowsAt,
  textBehind,
  tooManyAlerts,
  unknownEscape,
  valueExpected,
} from "./row-layout.ts";

export const moduleFile: URL = new URL("alert-scan.wasm", import.meta.url);
const compiled = new webAssembly.Module(readFileSync(moduleFile));
const pageBytes = 65_536;
assert(rowsAt + alertsPerRequestMax * rowWidth * 4 <= bodyAt);

/** Offsets are of the body; a number that is returned is 0, or the reason of a refusal. */
type ScanExports = {
  memory: WasmMemory;
  seed(first: number, second: number): void;
  begin(): void;
  scan(length: number): number;
  scanLine(start: number, end: number): number;
  breakLine(rows: number, start: number, end: number): void;
  check(length: number): number;
  time(length: number): number;
  /** 1: the document that `scan` accepted is nothing but ASCII. It may be where this says 0. */
  isAscii(): number;
  rowCount(): number;
  refusedAt(): number;
};

export type ScanError = { offset: number; message: string };

const messages: Record<number, string> = {
  [endedEarly]: "unexpected end of the JSON document",
  [textBehind]: "text after the end of the JSON document",
  [tooManyAlerts]: `more than ${alertsPerRequestMax} alerts in one request; split it`,
  [commaOrBracket]: "expected ',' or ']'",
  [commaOrBrace]: "expected ',' or '}'",
  [nameExpected]: "expected a name",
  [colonExpected]: "expected ':'",
  [controlCharacter]: "control character in a string",
  [unknownEscape]: "unknown escape",
  [hexExpected]: "expected four hexadecimal digits",
  [literalExpected]: "expected true, false or null",
  [valueExpected]: "expected a value or a digit",
  [nestedTooDeep]: `more than ${jsonDepthMax} levels of nesting`,
};

export class ScanModule {
  readonly calls: ScanExports = new webAssembly.Instance(compiled).exports as ScanExports;
  /** The rows (row-layout.ts), and the same memory as 64-bit numbers: replaced when it grows. */
  rows: Int32Array;
  times: Float64Array;
  private bytes: Uint8Array;

  constructor() {
    const { buffer } = this.calls.memory;
    this.bytes = new Uint8Array(buffer);
    this.rows = new Int32Array(buffer, rowsAt, (bodyAt - rowsAt) / 4);
    this.times = new Float64Array(buffer, rowsAt, (bodyAt - rowsAt) / 8);
  }

  /**
   * Copies the body to where the module reads it.
   * @throws RangeError when there is no memory for it.
   */
  put(body: Uint8Array): void {
    const missing = bodyAt + body.length + paddingBytes - this.bytes.length;
    if (missing > 0) {
      this.calls.memory.grow(Math.ceil(missing / pageBytes));
      const { buffer } = this.calls.memory;
      this.bytes = new Uint8Array(buffer);
      this.rows = new Int32Array(buffer, rowsAt, (bodyAt - rowsAt) / 4);
      this.times = new Float64Array(buffer, rowsAt, (bodyAt - rowsAt) / 8);
    }
    this.bytes.set(body, bodyAt);
  }

  /** What the number that a call returned means. */
  refusal(reason: number): ScanError | null {
    if (reason === 0) return null;
    return { offset: this.calls.refusedAt(), message: messages[reason] as string };
  }
}
