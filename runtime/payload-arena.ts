/**
 * Byte strings outside the engine's heap: a partition keeps one payload per alert, for hours, and
 * on the heap a hundred thousand of them would be copied by each collection and leave as much
 * room again unused.
 *
 * Slabs are cut into blocks of one size; sizes grow by about an eighth, so that at most that share
 * of a block is unused. What is larger than the largest block gets a slab of its own. Blocks are
 * taken in the order of their addresses, and the system gives a slab its pages only as they are
 * written: a partition with few alerts costs little.
 *
 * B1 A block keeps its place and its bytes until it is freed. Using a freed one throws.
 * B2 A slab whose last block is freed is let go of; an empty arena holds no memory.
 * B3 Memory beyond the payloads: the rest of each block, and free blocks of slabs in use.
 */

/** Above the size from which the system's allocator maps memory by itself, and returns it. */
const slabBytes = 256 * 1024;
const blockBytesMin = 32;
const blockBytesMax = slabBytes / 8;
const granuleBytes = 8;
/** Blocks are numbered slab by slab, with this many numbers for each. */
const blocksPerSlabMax = slabBytes / blockBytesMin;

const blockSizes = sizesBetween(blockBytesMin, blockBytesMax);
const classBySize = classTable();
/** Of slabs that hold a single block; they never have a free one. */
const oversizeClass = -1;
const none = -1;

/** One slab as it is kept: the bytes of the blocks that were ever used, and their lengths. */
export type SlabSnapshot = {
  index: number;
  blockBytes: number;
  blocks: number;
  bytes: Uint8Array;
  lengths: Uint8Array;
};

type Slab = {
  index: number;
  sizeClass: number;
  blockBytes: number;
  bytes: Uint8Array;
  /** By block: the length of its content; negative (`freeMark`) once it is free. */
  lengths: Int32Array;
  /** The block freed last, and the first that was never used. */
  freed: number;
  fresh: number;
  used: number;
  /** Its place in the list of slabs with a free block; none: it is full. */
  openAt: number;
};

export class PayloadArena {
  #slabs: (Slab | null)[] = [];
  #freeIndexes: number[] = [];
  /** By size class: the slabs with a free block. */
  readonly #open: Slab[][] = blockSizes.map(() => []);
  #payloadBytes = 0;
  #reservedBytes = 0;

  /** What the payloads in here add up to. */
  get payloadBytes(): number {
    return this.#payloadBytes;
  }

  /** Blocks in use. */
  get blocks(): number {
    return this.#slabs.reduce((sum, slab) => sum + (slab?.used ?? 0), 0);
  }

  /** The slabs; pages never written to are no memory yet. */
  get reservedBytes(): number {
    return this.#reservedBytes;
  }

  /** Copies the bytes. @returns the block, to be given back with `free`. */
  put(payload: Uint8Array): number {
    const length = payload.length;
    const slab = length > blockBytesMax ? this.#oversize(length) : this.#openSlab(length);
    const block = takeBlock(slab);
    slab.lengths[block] = length;
    slab.bytes.set(payload, block * slab.blockBytes);
    slab.used += 1;
    this.#payloadBytes += length;
    if (slab.openAt !== none && slab.used === slab.lengths.length) this.#close(slab);
    return slab.index * blocksPerSlabMax + block;
  }

  /** The block's bytes themselves: valid until it is freed, and not to be changed. */
  view(block: number): Uint8Array {
    const slab = this.#slabOf(block);
    const at = block % blocksPerSlabMax;
    const start = at * slab.blockBytes;
    return Buffer.from(slab.bytes.buffer, start, lengthOf(slab, at));
  }

  /** What `look` says of the block's bytes; for looking at many, without a view of each. */
  inspect<T>(block: number, look: (bytes: Uint8Array, start: number, end: number) => T): T {
    const slab = this.#slabOf(block);
    const at = block % blocksPerSlabMax;
    const start = at * slab.blockBytes;
    return look(slab.bytes, start, start + lengthOf(slab, at));
  }

  free(block: number): void {
    const slab = this.#slabOf(block);
    const at = block % blocksPerSlabMax;
    this.#payloadBytes -= lengthOf(slab, at);
    slab.lengths[at] = freeMark(slab.freed);
    slab.freed = at;
    slab.used -= 1;
    if (slab.used === 0) this.#drop(slab);
    else if (slab.openAt === none) this.#reopen(slab);
  }

  /** Frees the block once the bytes are copied. @returns the block that holds them. */
  replace(block: number, payload: Uint8Array): number {
    const successor = this.put(payload);
    this.free(block);
    return successor;
  }

  /** Views, not copies: valid until a block is taken or freed. */
  snapshot(): SlabSnapshot[] {
    const slabs = this.#slabs.filter((slab) => slab !== null);
    return slabs.map(({ index, blockBytes, bytes, lengths, fresh }) => ({
      index,
      blockBytes,
      blocks: lengths.length,
      bytes: Buffer.from(bytes.buffer, 0, fresh * blockBytes),
      lengths: Buffer.from(lengths.buffer, 0, fresh * lengths.BYTES_PER_ELEMENT),
    }));
  }

  /** The blocks of the snapshot under their old numbers; nothing of it is retained. */
  restore(slabs: readonly SlabSnapshot[]): void {
    this.clear();
    for (const kept of slabs) this.#restoreSlab(kept);
    for (let index = this.#slabs.length - 1; index >= 0; index -= 1) {
      if (this.#slabs[index] === undefined) this.#slabs[index] = null;
      if (this.#slabs[index] === null) this.#freeIndexes.push(index);
    }
  }

  #restoreSlab({ index, blockBytes, blocks, bytes, lengths }: SlabSnapshot): void {
    const isOversize = blockBytes > blockBytesMax;
    const sizeClass = isOversize ? oversizeClass : classOf(blockBytes);
    const slab = emptySlab(index, sizeClass, blockBytes, blocks);
    slab.bytes.set(bytes);
    Buffer.from(slab.lengths.buffer).set(lengths);
    slab.fresh = bytes.length / blockBytes;
    for (let block = slab.fresh - 1; block >= 0; block -= 1) {
      const length = slab.lengths[block] as number;
      if (length >= 0) {
        slab.used += 1;
        this.#payloadBytes += length;
      } else {
        slab.lengths[block] = freeMark(slab.freed);
        slab.freed = block;
      }
    }
    this.#slabs[index] = slab;
    this.#reservedBytes += slab.bytes.length;
    if (!isOversize && slab.used < blocks) this.#reopen(slab);
  }

  /** Frees every block. */
  clear(): void {
    this.#slabs = [];
    this.#freeIndexes = [];
    for (const open of this.#open) open.length = 0;
    this.#payloadBytes = 0;
    this.#reservedBytes = 0;
  }

  #slabOf(block: number): Slab {
    const slab = this.#slabs[Math.floor(block / blocksPerSlabMax)];
    if (slab === undefined || slab === null) throw new Error(`payload block ${block} is free`);
    return slab;
  }

  #openSlab(length: number): Slab {
    const sizeClass = classOf(length);
    const slab = this.#open[sizeClass]?.at(-1);
    if (slab !== undefined) return slab;
    const blockBytes = blockSizes[sizeClass] as number;
    const added = this.#add(sizeClass, blockBytes, Math.floor(slabBytes / blockBytes));
    this.#reopen(added);
    return added;
  }

  #oversize(length: number): Slab {
    return this.#add(oversizeClass, length, 1);
  }

  #add(sizeClass: number, blockBytes: number, blocks: number): Slab {
    const index = this.#freeIndexes.pop() ?? this.#slabs.length;
    const slab = emptySlab(index, sizeClass, blockBytes, blocks);
    this.#slabs[slab.index] = slab;
    this.#reservedBytes += slab.bytes.length;
    return slab;
  }

  #drop(slab: Slab): void {
    if (slab.openAt !== none) this.#close(slab);
    this.#slabs[slab.index] = null;
    this.#freeIndexes.push(slab.index);
    this.#reservedBytes -= slab.bytes.length;
  }

  #reopen(slab: Slab): void {
    const open = this.#open[slab.sizeClass];
    if (open !== undefined) slab.openAt = open.push(slab) - 1;
  }

  /** Takes the slab out of its list; the last one moves to its place. */
  #close(slab: Slab): void {
    const open = this.#open[slab.sizeClass];
    const last = open?.pop();
    if (open !== undefined && last !== undefined && last !== slab) {
      open[slab.openAt] = last;
      last.openAt = slab.openAt;
    }
    slab.openAt = none;
  }
}

function emptySlab(index: number, sizeClass: number, blockBytes: number, blocks: number): Slab {
  return {
    index,
    sizeClass,
    blockBytes,
    bytes: new Uint8Array(blockBytes * blocks),
    lengths: new Int32Array(blocks),
    freed: none,
    fresh: 0,
    used: 0,
    openAt: none,
  };
}

function classOf(length: number): number {
  return classBySize[Math.ceil(length / granuleBytes)] as number;
}

/** The slab has a free block. */
function takeBlock(slab: Slab): number {
  const block = slab.freed;
  if (block === none) {
    slab.fresh += 1;
    return slab.fresh - 1;
  }
  slab.freed = freeMark(slab.lengths[block] as number);
  return block;
}

function lengthOf(slab: Slab, block: number): number {
  const length = slab.lengths[block] ?? none;
  if (length < 0 || block >= slab.fresh) throw new Error(`payload block ${block} is free`);
  return length;
}

/** What a free block has for a length: the next free one (or none). Its own inverse. */
function freeMark(next: number): number {
  return -2 - next;
}

function sizesBetween(min: number, max: number): number[] {
  const sizes = [min];
  for (let size = min; size < max; sizes.push(size)) {
    size = Math.min(max, Math.ceil((size * 9) / 8 / granuleBytes) * granuleBytes);
  }
  return sizes;
}

/** By size in granules: the smallest class that has room. */
function classTable(): Uint8Array {
  const table = new Uint8Array(blockBytesMax / granuleBytes + 1);
  let sizeClass = 0;
  for (let granules = 0; granules < table.length; granules += 1) {
    if (granules * granuleBytes > (blockSizes[sizeClass] as number)) sizeClass += 1;
    table[granules] = sizeClass;
  }
  return table;
}
