/**
 * Postings of an index: the entries under each of many keys, of which a search looks at the newest
 * few. Which these are depends only on the entries that there are, not on what was added and
 * removed before: an index that is rebuilt from its entries in order answers the same.
 */

/** Of two entries the newer one has the greater serial; no two have the same. */
export type Numbered = { readonly serial: number };

export class NewestFirst<Entry extends Numbered> {
  #lists = new Map<number, Entry[]>();

  add(key: number, entry: Entry): void {
    const list = this.#lists.get(key);
    if (list === undefined) this.#lists.set(key, [entry]);
    else if (list.at(-1)!.serial < entry.serial) list.push(entry);
    else list.splice(placeOf(list, entry.serial), 0, entry);
  }

  /** @param entry with the serial that it was added with. */
  remove(key: number, entry: Entry): void {
    const list = this.#lists.get(key);
    if (list === undefined) return;
    const place = placeOf(list, entry.serial);
    if (list[place] !== entry) return;
    list.splice(place, 1);
    if (list.length === 0) this.#lists.delete(key);
  }

  countOf(key: number): number {
    return this.#lists.get(key)?.length ?? 0;
  }

  /** The newest so many, newest first. */
  newest(key: number, max: number): Entry[] {
    return this.#lists.get(key)?.slice(-max).reverse() ?? [];
  }
}

/** Of the first entry that is not older. */
function placeOf(list: readonly Numbered[], serial: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle]!.serial < serial) low = middle + 1;
    else high = middle;
  }
  return low;
}
