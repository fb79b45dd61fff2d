/** Least squares for a handful of parameters: normal equations, solved with pivoting. Pure. */

/** One measured point's derivatives by each parameter, and what is to be explained there. */
export type Row = { slopes: number[]; rest: number };

const tiny = 1e-12;

/** JᵀJ and Jᵀr. */
export function normal(rows: Row[], count: number): { matrix: number[][]; vector: number[] } {
  const matrix = Array.from({ length: count }, () => new Array<number>(count).fill(0));
  const vector = new Array<number>(count).fill(0);
  for (const { slopes, rest } of rows) {
    for (let i = 0; i < count; i++) {
      const slope = slopes[i] ?? 0;
      vector[i] = (vector[i] ?? 0) + slope * rest;
      const line = matrix[i] ?? [];
      for (let j = 0; j < count; j++) line[j] = (line[j] ?? 0) + slope * (slopes[j] ?? 0);
    }
  }
  return { matrix, vector };
}

/**
 * Null when the points do not determine all parameters. Parameters may differ by many orders of
 * magnitude, so they are scaled to a diagonal of ones first.
 */
export function solve(matrix: number[][], vector: number[]): number[] | null {
  const size = vector.length;
  const scales = matrix.map((line, i) => Math.sqrt(line[i] ?? 0));
  if (scales.some((scale) => !(scale > 0))) return null;
  const at = (list: number[], i: number): number => list[i] ?? 0;
  const lines = matrix.map((line, i) => [
    ...line.map((value, j) => value / (at(scales, i) * at(scales, j))),
    at(vector, i) / at(scales, i),
  ]);
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++) {
      const larger = Math.abs(at(lines[row] ?? [], column));
      if (larger > Math.abs(at(lines[pivot] ?? [], column))) pivot = row;
    }
    [lines[column], lines[pivot]] = [lines[pivot] ?? [], lines[column] ?? []];
    const top = lines[column] ?? [];
    if (Math.abs(at(top, column)) < tiny) return null;
    for (const [row, line] of lines.entries()) {
      if (row === column) continue;
      const factor = at(line, column) / at(top, column);
      for (let j = column; j <= size; j++) line[j] = at(line, j) - factor * at(top, j);
    }
  }
  return lines.map((line, i) => at(line, size) / at(line, i) / at(scales, i));
}

/** The diagonal of the inverse: parameter variances, but for the residuals' own. */
export function inverseDiagonal(matrix: number[][]): number[] | null {
  const found: number[] = [];
  for (const i of matrix.keys()) {
    const unit = matrix.map((_, j) => (i === j ? 1 : 0));
    const value = solve(matrix, unit)?.[i];
    if (value === undefined) return null;
    found.push(value);
  }
  return found;
}
