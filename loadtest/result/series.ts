/**
 * What happened when, in bounded memory: when there are more points than `pointsMax`, each two
 * neighbours become one that is twice as wide. An hour has as many points as a day.
 */
export type Mergeable<T> = {
  fresh(): T;
  /** Makes `into` the two together. */
  merge(into: T, from: T): void;
};

export class Series<T> {
  readonly #kind: Mergeable<T>;
  readonly #pointsMax: number;
  #points: (T | undefined)[] = [];
  #widthSeconds = 1;

  constructor(kind: Mergeable<T>, pointsMax = 600) {
    this.#kind = kind;
    this.#pointsMax = pointsMax;
  }

  get widthSeconds(): number {
    return this.#widthSeconds;
  }

  /** The point to add to, for what happened so long after the beginning. */
  at(seconds: number): T {
    const wanted = Math.max(0, seconds);
    while (wanted / this.#widthSeconds >= this.#pointsMax) this.#halve();
    const index = Math.floor(wanted / this.#widthSeconds);
    const found = this.#points[index] ?? this.#kind.fresh();
    this.#points[index] = found;
    return found;
  }

  /** In order of time; moments about which nothing is known are left out. */
  points(): { second: number; value: T }[] {
    const width = this.#widthSeconds;
    return [...this.#points.entries()].flatMap(([index, value]) =>
      value === undefined ? [] : [{ second: index * width, value }],
    );
  }

  #halve(): void {
    const half: (T | undefined)[] = [];
    for (const [index, point] of this.#points.entries()) {
      if (point === undefined) continue;
      const at = Math.floor(index / 2);
      const into = half[at];
      if (into === undefined) half[at] = point;
      else this.#kind.merge(into, point);
    }
    this.#points = half;
    this.#widthSeconds *= 2;
  }
}
