/**
 * Relays dedup steps: alert events go to the incident partition that owns their correlation
 * domain, as work records whose items carry their origin.
 */
import type { AlertEvent } from "../actors/alert/events.ts";
import { eventText } from "./event-text.ts";
import type { Clock, Codec, Log } from "./ports.ts";
import type { Publisher, RelayedStep } from "./relay.ts";
import { retrying } from "./step-log.ts";
import type { DedupOutput } from "./step.ts";
import type { AlertItem, WorkRecord } from "./work.ts";

export type DedupPublisherOptions = {
  partition: number;
  log: Log;
  codec: Codec;
  clock: Clock;
  /** The work subject of the incident partition that owns a correlation domain. */
  workSubjectOf(domain: string): string;
};

/** Bounds one work record, and with it the incident step that it causes. */
const itemsPerRecordMax = 100;
const recordBytesMax = 256 * 1024;

export class DedupPublisher implements Publisher<DedupOutput> {
  private readonly options: DedupPublisherOptions;
  private readonly subjects = new Map<string, string>();

  constructor(options: DedupPublisherOptions) {
    this.options = options;
  }

  /** Nothing to find out: incident partitions drop what they have seen, by origin. */
  async recover(): Promise<void> {}

  streamSeqs(): { incidentsSeq: number; outboxSeq: number } {
    return { incidentsSeq: 0, outboxSeq: 0 };
  }

  async publish(steps: RelayedStep<DedupOutput>[], signal: AbortSignal): Promise<void> {
    const bySubject = new Map<string, AlertItem[]>();
    for (const step of steps) {
      step.outputs.forEach((output, index) => {
        if (!concernsIncidents(output.event)) return;
        const subject = this.subjectOf(output.domain);
        const items = bySubject.get(subject);
        const item = { stepSeq: step.seq, index, json: eventText(output) };
        if (items === undefined) bySubject.set(subject, [item]);
        else items.push(item);
      });
    }
    const sends = [...bySubject].map(([subject, items]) => this.send(subject, items, signal));
    await Promise.all(sends);
  }

  /** In order and one at a time: a lost record must not be overtaken by a later one. */
  private async send(subject: string, items: AlertItem[], signal: AbortSignal): Promise<void> {
    const { log, clock } = this.options;
    for (const data of this.records(items)) {
      await retrying(clock, signal, () => log.append(subject, data));
    }
  }

  private *records(items: AlertItem[]): Generator<Uint8Array> {
    for (let start = 0; start < items.length; start += itemsPerRecordMax) {
      yield* this.split(items.slice(start, start + itemsPerRecordMax));
    }
  }

  private *split(items: AlertItem[]): Generator<Uint8Array> {
    const { codec, partition } = this.options;
    const record: WorkRecord = { kind: "alerts", partition, items };
    const data = codec.encode(record);
    if (data.length <= recordBytesMax || items.length === 1) {
      yield data;
      return;
    }
    const half = items.length >> 1;
    yield* this.split(items.slice(0, half));
    yield* this.split(items.slice(half));
  }

  private subjectOf(domain: string): string {
    let subject = this.subjects.get(domain);
    if (subject === undefined) {
      subject = this.options.workSubjectOf(domain);
      if (this.subjects.size > 10_000) this.subjects.clear();
      this.subjects.set(domain, subject);
    }
    return subject;
  }
}

/** Rejections, and resolves of alerts that were not firing, end in the event log. */
function concernsIncidents(event: AlertEvent): boolean {
  if (event.kind === "rejected") return false;
  return event.kind !== "resolved" || event.by !== "unmatched";
}
