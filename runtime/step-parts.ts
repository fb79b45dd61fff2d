/** A step's outputs in parts, each of which fits into one message of the step log. */

/** Outputs in one message of the step log at most. */
const outputsPerPartMax = 500;
/** Of one part; the log may take no more than 1 MB, and one output may be large by itself. */
const bytesPerPartMax = 768 * 1024;

/**
 * In order; none for no outputs.
 * @param bytesOf about how large an output is in the log; absent: all are small.
 */
export function partsOf<Output>(
  outputs: readonly Output[],
  bytesOf: (output: Output) => number = () => 0,
): Output[][] {
  const parts: Output[][] = [];
  let part: Output[] = [];
  let bytes = 0;
  for (const output of outputs) {
    const more = bytesOf(output);
    const isFull = part.length >= outputsPerPartMax || bytes + more > bytesPerPartMax;
    if (part.length === 0 || isFull) {
      part = [];
      parts.push(part);
      bytes = 0;
    }
    part.push(output);
    bytes += more;
  }
  return parts;
}
