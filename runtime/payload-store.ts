/** The contents of a partition's alerts: packed, and each in a block of the arena. */
import { PayloadArena, type SlabSnapshot } from "./payload-arena.ts";
import { PayloadPacker, type PackerSnapshot } from "./payload-packer.ts";

export type PayloadsSnapshot = { slabs: SlabSnapshot[]; dictionary: PackerSnapshot };

export class PayloadStore {
  readonly #arena = new PayloadArena();
  readonly #packer = new PayloadPacker();

  /** What the packed contents add up to. */
  get packedBytes(): number {
    return this.#arena.payloadBytes;
  }

  /** Contents in here. */
  get blocks(): number {
    return this.#arena.blocks;
  }

  /** @returns the block, to be given back with `free`. */
  put(payload: Uint8Array): number {
    return this.#arena.put(this.#packer.pack(payload));
  }

  /** A copy of the content, without the alert's times (payload-packer.ts). */
  read(block: number): Buffer {
    return this.#packer.unpack(this.#arena.view(block));
  }

  /** Whether the content of a block may hold one of the texts (payload-packer.ts, `finder`). */
  finder(texts: readonly string[]): (block: number) => boolean {
    const finder = this.#packer.finder(texts);
    return (block) => this.#arena.inspect(block, finder);
  }

  free(block: number): void {
    this.#arena.free(block);
  }

  /** Frees the block. @returns the one that holds the content now. */
  replace(block: number, payload: Uint8Array): number {
    return this.#arena.replace(block, this.#packer.pack(payload));
  }

  clear(): void {
    this.#arena.clear();
    this.#packer.clear();
  }

  /** Views, not copies: valid until a content is put or freed. */
  snapshot(): PayloadsSnapshot {
    return { slabs: this.#arena.snapshot(), dictionary: this.#packer.snapshot() };
  }

  /** The contents under their old blocks; nothing of the snapshot is retained. */
  restore({ slabs, dictionary }: PayloadsSnapshot): void {
    this.#arena.restore(slabs);
    this.#packer.restore(dictionary);
  }
}
