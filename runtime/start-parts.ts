/** Where the time of a start goes: its parts one after the other, each with its share. */
export class StartParts {
  readonly #nowMs: () => number;
  readonly #ms: Record<string, number> = {};
  #endedMs = 0;

  /** @param nowMs time since the process began, ms. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** The part took what has passed since the one before it ended. */
  ended(part: string): void {
    const nowMs = this.#nowMs();
    this.#ms[part] = Math.round(nowMs - this.#endedMs);
    this.#endedMs = nowMs;
  }

  /** ms by part, in the order in which they ended. */
  get ms(): Readonly<Record<string, number>> {
    return this.#ms;
  }
}
