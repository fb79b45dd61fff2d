/** The part of the standard WebAssembly interface that the program uses, with its types. */

/** A compiled module; threads may be given it. */
export type WasmModule = object;
type WasmInstance = { exports: object };
/** A memory's buffer is replaced by another one when the memory grows, by pages of 64 KiB. */
export type WasmMemory = { readonly buffer: ArrayBuffer; grow(pages: number): number };
export type WasmFunction = (...args: never[]) => unknown;

type WebAssemblyInterface = {
  compile(bytes: Uint8Array): Promise<WasmModule>;
  Module: {
    new (bytes: Uint8Array): WasmModule;
    imports(module: WasmModule): { module: string; name: string }[];
  };
  Instance: new (
    module: WasmModule,
    imports?: Record<string, Record<string, WasmFunction>>,
  ) => WasmInstance;
};

const world = globalThis as unknown as { WebAssembly: WebAssemblyInterface };
export const webAssembly: WebAssemblyInterface = world.WebAssembly;
