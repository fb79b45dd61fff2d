/** Texts that many rows share, kept once each and for as long as a row holds them. */
export class NumberedTexts {
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [];
  readonly #holders: number[] = [];
  readonly #free: number[] = [];

  /** @returns the text's number, which stays valid until as many releases. */
  hold(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#free.pop() ?? this.#texts.length;
      this.#texts[number] = text;
      this.#holders[number] = 0;
      this.#numbers.set(text, number);
    }
    this.#holders[number] = (this.#holders[number] as number) + 1;
    return number;
  }

  release(number: number): void {
    const left = (this.#holders[number] as number) - 1;
    this.#holders[number] = left;
    if (left > 0) return;
    this.#numbers.delete(this.text(number));
    this.#texts[number] = "";
    this.#free.push(number);
  }

  text(number: number): string {
    return this.#texts[number] as string;
  }

  /** By number; those that nobody holds are "". */
  all(): string[] {
    return [...this.#texts];
  }

  /** @param held the number of each holder, in any order. */
  static restored(texts: readonly string[], held: readonly number[]): NumberedTexts {
    const restored = new NumberedTexts();
    restored.#texts.push(...texts);
    restored.#holders.push(...texts.map(() => 0));
    for (const number of held) restored.#holders[number] = (restored.#holders[number] ?? 0) + 1;
    texts.forEach((text, number) => {
      if ((restored.#holders[number] as number) > 0) restored.#numbers.set(text, number);
      else restored.#free.push(number);
    });
    return restored;
  }
}
