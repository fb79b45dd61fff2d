/**
 * A bounded map that keeps what was asked for lately: two generations, of which the older is
 * dropped when the younger is full. What is asked for moves to the younger one.
 */
export class RecentMap<Value> {
  private readonly generationMax: number;
  private young = new Map<string, Value>();
  private old = new Map<string, Value>();

  /** @param entriesMax kept at most; at least half as many are. */
  constructor(entriesMax: number) {
    this.generationMax = Math.max(1, Math.floor(entriesMax / 2));
  }

  get size(): number {
    return this.young.size + this.old.size;
  }

  get(key: string): Value | undefined {
    const value = this.young.get(key);
    if (value !== undefined) return value;
    const older = this.old.get(key);
    if (older !== undefined) this.set(key, older);
    return older;
  }

  set(key: string, value: Value): void {
    this.old.delete(key);
    if (!this.young.has(key) && this.young.size >= this.generationMax) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(key, value);
  }
}
