/**
 * Runs the template module with nothing of the process in reach.
 *
 * The module imports WASI, of which it gets five things: the clocks, random bytes, a place for
 * its last words, and its end. Files, arguments, environment and sockets do not exist (every
 * other call answers "not supported"), so no template can read them, whatever it does.
 */
import { randomFillSync } from "node:crypto";
import { webAssembly } from "../../runtime/web-assembly.ts";
import type { WasmFunction, WasmMemory, WasmModule } from "../../runtime/web-assembly.ts";

const errnoSuccess = 0;
const errnoBadDescriptor = 8;
const errnoNotSupported = 58;
/** Of what the module writes about its own end, the beginning says why. */
const lastWordsBytesMax = 4_096;

/** The module ended or trapped; it cannot be used any more. */
export class SandboxEnded extends Error {
  /** What the module wrote before. */
  lastWords: string;

  constructor(message: string, lastWords: string, cause?: unknown) {
    super(message, { cause });
    this.name = "SandboxEnded";
    this.lastWords = lastWords;
  }
}

type ModuleExports = {
  memory: WasmMemory;
  _initialize(): void;
  input(size: number): number;
  perform(): number;
  output(): number;
};

export class WasiSandbox {
  #exports: ModuleExports;
  #lastWords: Buffer = Buffer.alloc(0);

  /** @throws when the module is not the template module. */
  constructor(module: WasmModule) {
    const given = this.#imports();
    const imports: Record<string, WasmFunction> = {};
    for (const { name } of webAssembly.Module.imports(module)) {
      imports[name] = given[name] ?? (() => errnoNotSupported);
    }
    const instance = new webAssembly.Instance(module, { wasi_snapshot_preview1: imports });
    this.#exports = instance.exports as ModuleExports;
    this.#exports._initialize();
  }

  get memoryBytes(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  /**
   * One request, one answer, both JSON.
   * @throws SandboxEnded, after which this sandbox must not be used.
   */
  ask(request: string): string {
    try {
      const bytes = Buffer.from(request);
      this.#view(this.#exports.input(bytes.length), bytes.length).set(bytes);
      const size = this.#exports.perform();
      return this.#view(this.#exports.output(), size).toString();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new SandboxEnded(why, this.#lastWords.toString(), error);
    }
  }

  /** Fresh each time: the memory's buffer is another one after it grew. */
  #view(at: number, size: number): Buffer {
    return Buffer.from(this.#exports.memory.buffer, at >>> 0, size);
  }

  #imports(): Record<string, WasmFunction> {
    const words = (at: number): DataView => new DataView(this.#exports.memory.buffer, at >>> 0);
    const none = (count: number, bytes: number): number => {
      words(count).setUint32(0, 0, true);
      words(bytes).setUint32(0, 0, true);
      return errnoSuccess;
    };
    return {
      args_sizes_get: none,
      args_get: () => errnoSuccess,
      environ_sizes_get: none,
      environ_get: () => errnoSuccess,
      clock_time_get: (clock: number, _precision: bigint, at: number) => {
        words(at).setBigUint64(0, nanoseconds(clock), true);
        return errnoSuccess;
      },
      random_get: (at: number, size: number) => {
        randomFillSync(this.#view(at, size));
        return errnoSuccess;
      },
      fd_write: (_fd: number, vectors: number, count: number, writtenAt: number) => {
        let written = 0;
        for (let i = 0; i < count; i++) {
          const vector = words(vectors + 8 * i);
          written += this.#hear(vector.getUint32(0, true), vector.getUint32(4, true));
        }
        words(writtenAt).setUint32(0, written, true);
        return errnoSuccess;
      },
      // Asked for the folders that are open from the start: there are none.
      fd_prestat_get: () => errnoBadDescriptor,
      sched_yield: () => errnoSuccess,
      proc_exit: (code: number) => {
        throw new Error(`the template module ended with code ${code}`);
      },
    };
  }

  #hear(at: number, size: number): number {
    const room = lastWordsBytesMax - this.#lastWords.length;
    if (room > 0) {
      this.#lastWords = Buffer.concat([this.#lastWords, this.#view(at, Math.min(size, room))]);
    }
    return size;
  }
}

/** Clock 0 is the wall clock, 1 the monotonic one. */
function nanoseconds(clock: number): bigint {
  return clock === 0 ? BigInt(Date.now()) * 1_000_000n : process.hrtime.bigint();
}
