/** Seeded randomness: the same seed throws the same numbers, so a storm can be played again. */

export type Dice = {
  /** In [0, 1). */
  fraction(): number;
  /** A whole number in [0, sides). */
  below(sides: number): number;
  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T;
  /** In [from, to). */
  between(from: number, to: number): number;
};

/** A 32-bit counter whose value is scrambled; its period of 2^32 is ample for a demo. */
export function diceFor(seed: number): Dice {
  let counter = seed >>> 0;
  const fraction = (): number => {
    counter = (counter + 0x9e3779b9) >>> 0;
    let bits = counter;
    bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
  };
  const below = (sides: number): number => Math.floor(fraction() * sides);
  return {
    fraction,
    below,
    between: (from, to) => from + fraction() * (to - from),
    pick<T>(list: readonly T[]): T {
      return list[below(list.length)] as T;
    },
  };
}
