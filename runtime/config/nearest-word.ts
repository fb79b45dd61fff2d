/** "did you mean": the known word that a mistyped one is closest to. Pure. */

const wordCharsMax = 64;

/** Null when no word is near: within a third of its letters, at least one, at most three. */
export function nearestWord(typed: string, words: readonly string[]): string | null {
  if (typed.length > wordCharsMax) return null;
  let best: string | null = null;
  let bestSteps = Math.min(3, Math.max(1, Math.floor(typed.length / 3))) + 1;
  for (const word of words) {
    if (word === typed) continue;
    const steps = editSteps(typed.toLowerCase(), word.toLowerCase());
    if (steps < bestSteps) {
      best = word;
      bestSteps = steps;
    }
  }
  return best;
}

/** Letters to insert, delete, replace, or swap with their neighbour to turn one into the other. */
function editSteps(from: string, to: string): number {
  const width = to.length + 1;
  const table = Array.from({ length: (from.length + 1) * width }, () => 0);
  const at = (row: number, column: number): number => table[row * width + column] ?? 0;
  for (let row = 0; row <= from.length; row++) {
    for (let column = 0; column <= to.length; column++) {
      let steps = row === 0 ? column : row;
      if (row > 0 && column > 0) {
        const differs = from[row - 1] === to[column - 1] ? 0 : 1;
        steps = Math.min(
          at(row - 1, column) + 1,
          at(row, column - 1) + 1,
          at(row - 1, column - 1) + differs,
        );
        const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
        if (row > 1 && column > 1 && swapped) steps = Math.min(steps, at(row - 2, column - 2) + 1);
      }
      table[row * width + column] = steps;
    }
  }
  return at(from.length, to.length);
}
