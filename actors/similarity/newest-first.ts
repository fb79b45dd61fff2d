/**
 * Postings of an index: the entries under each of many keys, of which a search looks at the newest
 * few. Which these are depends only on the entries that there are, not on what was added and
 * removed before: an index that is rebuilt from its entries in order answers the same.
 */

/** `serial` grows with each entry that is added. */
export type Numbered = { readonly serial: number };

export class NewestFirst<Entry extends Numbered> {
  #lists = new Map<number, Entry[]>();

  /** @param entry newer than all that are there. */
  add(key: number, entry: Entry): void {
    const list = this.#lists.get(key);
    if (list === undefined) this.#lists.set(key, [entry]);
    else list.push(entry);
  }

  remove(key: number, entry: Entry): void {
    const list = this.#lists.get(key);
    if (list === undefined) return;
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list[middle]!.serial < entry.serial) low = middle + 1;
      else high = middle;
    }
    if (list[low] !== entry) return;
    list.splice(low, 1);
    if (list.length === 0) this.#lists.delete(key);
  }

  countOf(key: number): number {
    return this.#lists.get(key)?.length ?? 0;
  }

  /** The newest so many, newest first. */
  *newest(key: number, max: number): Generator<Entry> {
    const list = this.#lists.get(key) ?? [];
    const last = Math.max(0, list.length - max);
    for (let at = list.length - 1; at >= last; at -= 1) yield list[at]!;
  }
}
