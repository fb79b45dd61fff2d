/**
 * Relays incident steps: a CloudEvent per public event, outbox items, timers and the current
 * state of each incident (KV).
 *
 * Public messages carry their origin as message id, `<partition>:<step>:<index>`. After a crash
 * the tails of the public streams say which ids had gone out, however long ago (the streams'
 * duplicate window only has to cover a crashed owner's writes that are still in flight).
 */
import type { GroupNotification } from "../actors/dispatch/types.ts";
import type {
  IncidentEvent,
  IncidentOutput,
  IncidentView,
  Notification,
} from "../actors/incident/types.ts";
import { cloudEvent, isPublic } from "./cloud-event.ts";
import type { Clock, Codec, PublicStream, StateStore, Timer } from "./ports.ts";
import type { Publisher, RelayedStep } from "./relay.ts";
import { retrying } from "./step-log.ts";
import type { RelayPosition } from "./step.ts";
import type { TimerMirror } from "./timer-mirror.ts";

export type IncidentPublisherOptions = {
  partition: number;
  incidents: PublicStream;
  outbox: PublicStream;
  state: StateStore;
  timers: TimerMirror;
  codec: Codec;
  clock: Clock;
  incidentSubject(event: IncidentEvent): string;
  outboxSubject(notification: Notification | GroupNotification): string;
};

type Send = { stream: PublicStream; subject: string; id: string; data: Uint8Array };
type TimerChange = { id: string; timer: Timer | null };

/** Messages under way at once towards one stream; all are durable before the batch ends. */
const sendsInFlightMax = 256;

export class IncidentPublisher implements Publisher<IncidentOutput> {
  private readonly options: IncidentPublisherOptions;
  /** Ids that a crashed owner had published; consulted for its backlog only. */
  private published = new Set<string>();
  /** The backlog's last step; -1 once it is through. */
  private backlogThroughSeq = -1;

  constructor(options: IncidentPublisherOptions) {
    this.options = options;
  }

  async recover(from: RelayPosition, throughSeq: number, signal: AbortSignal): Promise<void> {
    const { incidents, outbox, clock } = this.options;
    const known = await retrying(clock, signal, () => incidents.messageIdsAfter(from.incidentsSeq));
    const sent = await retrying(clock, signal, () => outbox.messageIdsAfter(from.outboxSeq));
    this.published = new Set([...known, ...sent]);
    this.backlogThroughSeq = throughSeq;
  }

  streamSeqs(): { incidentsSeq: number; outboxSeq: number } {
    const { incidents, outbox } = this.options;
    return { incidentsSeq: incidents.knownSeq(), outboxSeq: outbox.knownSeq() };
  }

  async publish(steps: RelayedStep<IncidentOutput>[], signal: AbortSignal): Promise<void> {
    const sends: Send[] = [];
    const timers = new Map<string, TimerChange>();
    const views = new Map<string, IncidentView | null>();
    for (const step of steps) {
      step.outputs.forEach((output, index) => {
        const id = `${this.options.partition}:${step.seq}:${index}`;
        this.collect(output, id, sends, timers, views);
      });
    }
    // Side by side: each wait is a turn of the whole thread, and the next batch is behind it.
    await Promise.all([
      this.sendAll(sends, signal),
      this.mirrorTimers(timers, signal),
      this.storeViews(views, signal),
    ]);
    const last = steps[steps.length - 1]?.seq ?? 0;
    if (this.backlogThroughSeq >= 0 && last >= this.backlogThroughSeq) {
      this.backlogThroughSeq = -1;
      this.published = new Set();
    }
  }

  private collect(
    output: IncidentOutput,
    id: string,
    sends: Send[],
    timers: Map<string, TimerChange>,
    views: Map<string, IncidentView | null>,
  ): void {
    const { incidents, outbox, codec, incidentSubject, outboxSubject } = this.options;
    if (output.kind === "event") {
      const { event } = output;
      views.set(event.incident.id, event.kind === "retired" ? null : event.incident);
      if (!isPublic(event.kind) || this.published.has(id)) return;
      const subject = incidentSubject(event);
      sends.push({ stream: incidents, subject, id, data: cloudEvent(id, event) });
    } else if (output.kind === "notify" || output.kind === "notifyGroup") {
      const { notification } = output;
      if (this.published.has(notification.id)) return;
      const data = codec.encode(notification);
      const subject = outboxSubject(notification);
      sends.push({ stream: outbox, subject, id: notification.id, data });
    } else if (output.kind === "timer") {
      const { id: timerId, generation, fireAtMs } = output;
      const timer = fireAtMs === null ? null : { id: timerId, generation, fireAtMs };
      timers.set(timerId, { id: timerId, timer });
    }
  }

  private async sendAll(sends: Send[], signal: AbortSignal): Promise<void> {
    const { clock } = this.options;
    for (let start = 0; start < sends.length; start += sendsInFlightMax) {
      const some = sends.slice(start, start + sendsInFlightMax);
      await Promise.all(
        some.map((send) =>
          retrying(clock, signal, () => send.stream.publish(send.subject, send.id, send.data)),
        ),
      );
    }
  }

  private async mirrorTimers(
    changes: Map<string, TimerChange>,
    signal: AbortSignal,
  ): Promise<void> {
    const { timers, clock } = this.options;
    const all = [...changes.values()];
    for (let start = 0; start < all.length; start += sendsInFlightMax) {
      await Promise.all(
        all.slice(start, start + sendsInFlightMax).map((change) =>
          retrying(clock, signal, () => timers.apply(change.id, change.timer)),
        ),
      );
    }
  }

  private async storeViews(
    views: Map<string, IncidentView | null>,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, state } = this.options;
    const all = [...views];
    for (let start = 0; start < all.length; start += sendsInFlightMax) {
      await Promise.all(
        all.slice(start, start + sendsInFlightMax).map(([id, view]) =>
          retrying(clock, signal, () => (view === null ? state.delete(id) : state.put(id, view))),
        ),
      );
    }
  }
}
