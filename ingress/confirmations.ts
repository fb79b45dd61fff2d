/**
 * What one frame confirms once it is durable: for entries of the fingerprint cache, the content
 * that the log then holds. Columns, since a storm adds hundreds of thousands of these a second.
 */
import type { Generation } from "./fingerprint-cache.ts";

const width = 4;

export class Confirmations {
  private readonly generations: Generation[] = [];
  /** For each: the generation's epoch, the entry's place, content hash, and tick. */
  private readonly numbers: number[] = [];

  /** @param sentTick when the content was sent, 1 to 2^32 - 1. */
  add(generation: Generation, at: number, contentHash: number, sentTick: number): void {
    this.generations.push(generation);
    this.numbers.push(generation.epoch, at, contentHash, sentTick);
  }

  /** The frame is durable. */
  confirm(): void {
    const { generations, numbers } = this;
    for (let index = 0; index < generations.length; index += 1) {
      const base = index * width;
      (generations[index] as Generation).confirm(
        numbers[base] as number,
        numbers[base + 1] as number,
        numbers[base + 2] as number,
        numbers[base + 3] as number,
      );
    }
  }
}
