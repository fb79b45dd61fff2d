/**
 * Edit distance (insert, delete, replace; in UTF-16 units) with a cutoff.
 * Source of the algorithm: Ukkonen, "Algorithms for approximate string matching" (1985): with at
 * most k edits, only the cells within k of the diagonal matter.
 *
 * Cost: at most (2k + 1) times the length of the shorter text; after k edits in a row are used
 * up everywhere in a row of cells, the rest is not computed.
 */

/** Longer texts are compared by their beginnings; at this length the cost is bounded. */
export const comparedCharsMax = 512;

/** Two rows of cells, for one call at a time. */
let previous = new Uint16Array(comparedCharsMax + 1);
let current = new Uint16Array(comparedCharsMax + 1);

/**
 * @param most edits of interest, 0 to `comparedCharsMax`
 * @returns the distance of the first `comparedCharsMax` units, or most + 1 if it is larger
 */
export function editDistance(a: string, b: string, most: number): number {
  let end = Math.min(a.length, comparedCharsMax);
  let longEnd = Math.min(b.length, comparedCharsMax);
  if (end > longEnd) return editDistance(b, a, most);
  if (longEnd - end > most) return most + 1;
  let start = 0;
  while (start < end && a.charCodeAt(start) === b.charCodeAt(start)) start += 1;
  while (end > start && a.charCodeAt(end - 1) === b.charCodeAt(longEnd - 1)) {
    end -= 1;
    longEnd -= 1;
  }
  const [short, long] = [end - start, longEnd - start];
  if (short === 0) return Math.min(long, most + 1);
  return banded(a, b, start, short, long, Math.min(most, long));
}

/**
 * 1: equal, 0: nothing in common, measured by the longer text.
 * @param least similarity of interest, 0 to 1; below it the answer is 0
 */
export function textSimilarity(a: string, b: string, least: number): number {
  if (a === b) return 1;
  const length = Math.min(Math.max(a.length, b.length), comparedCharsMax);
  const most = Math.floor((1 - least) * length + 1e-9);
  const edits = editDistance(a, b, most);
  return edits > most ? 0 : 1 - edits / length;
}

/** What `textSimilarity` costs at most, in cells; a cell takes 2 to 4 ns. */
export function comparisonCells(a: string, b: string, least: number): number {
  const [length, other] = [a.length, b.length].map((each) => Math.min(each, comparedCharsMax));
  const [short, long] = [Math.min(length!, other!), Math.max(length!, other!)];
  return short * Math.min(long, 2 * Math.floor((1 - least) * long) + 1);
}

/** `short` and `long` units from `start` on, with most >= long - short. */
function banded(
  a: string,
  b: string,
  start: number,
  short: number,
  long: number,
  most: number,
): number {
  const tooMany = most + 1;
  for (let column = 0; column <= short; column += 1) previous[column] = Math.min(column, tooMany);
  for (let row = 1; row <= long; row += 1) {
    const from = Math.max(1, row - most);
    const to = Math.min(short, row + most);
    const unit = b.charCodeAt(start + row - 1);
    let least = Math.min(row, tooMany);
    current[from - 1] = from === 1 ? least : tooMany;
    if (from > 1) least = tooMany;
    for (let column = from; column <= to; column += 1) {
      const replaced = previous[column - 1]! + (a.charCodeAt(start + column - 1) === unit ? 0 : 1);
      const deleted = column < row + most ? previous[column]! + 1 : tooMany;
      const cell = Math.min(replaced, deleted, current[column - 1]! + 1, tooMany);
      current[column] = cell;
      if (cell < least) least = cell;
    }
    if (least >= tooMany) return tooMany;
    [previous, current] = [current, previous];
  }
  return Math.min(previous[short]!, tooMany);
}
