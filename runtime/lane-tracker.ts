/**
 * What is known of one lane and the partitions that share it: up to where its messages may go.
 *
 * A message may go when no partition needs its section any more. A partition says so for all that
 * its snapshot covers; beyond that, one whose every section is covered needs nothing of what the
 * lane was read through since, so that a quiet partition does not keep its neighbours' input.
 * All of it are facts about the log, which grow and never become wrong: a reader that stopped, or
 * an owner that lost the partition, leaves them true.
 */
type Known = {
  /** The partition needs nothing with a smaller sequence; 0: nobody has said. */
  coveredBefore: number;
  /** The newest message that had something for it. */
  deliveredSeq: number;
  /** Whatever the lane had for it up to here was delivered. */
  readThroughSeq: number;
};

export class LaneTracker {
  private readonly known = new Map<number, Known>();
  private readonly partitions: readonly number[];

  /** @param partitions all that share the lane. */
  constructor(partitions: readonly number[]) {
    this.partitions = partitions;
    for (const partition of partitions) {
      this.known.set(partition, { coveredBefore: 0, deliveredSeq: 0, readThroughSeq: 0 });
    }
  }

  /** A message with something for the partition reached it. */
  delivered(partition: number, seq: number): void {
    const one = this.known.get(partition);
    if (one !== undefined) one.deliveredSeq = Math.max(one.deliveredSeq, seq);
  }

  /** The partition's reader was given what the lane has for it, up to this message. */
  readThrough(partition: number, seq: number): void {
    const one = this.known.get(partition);
    if (one !== undefined) one.readThroughSeq = Math.max(one.readThroughSeq, seq);
  }

  covered(partition: number, beforeSeq: number): void {
    const one = this.known.get(partition);
    if (one !== undefined) one.coveredBefore = Math.max(one.coveredBefore, beforeSeq);
  }

  /** No partition of the lane needs a message with a smaller sequence. */
  neededFrom(): number {
    let seq = Number.POSITIVE_INFINITY;
    for (const partition of this.partitions) seq = Math.min(seq, this.neededBy(partition));
    return Number.isFinite(seq) ? seq : 0;
  }

  private neededBy(partition: number): number {
    const one = this.known.get(partition);
    if (one === undefined || one.coveredBefore === 0) return 0;
    const isQuiet = one.deliveredSeq < one.coveredBefore;
    return isQuiet ? Math.max(one.coveredBefore, one.readThroughSeq + 1) : one.coveredBefore;
  }
}
