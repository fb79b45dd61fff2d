/** Hosts one incident partition: its timers' mirror, answers to commands, and reads. */
import type { GroupNotification } from "../actors/dispatch/types.ts";
import type { IncidentEvent, IncidentOutput, Notification } from "../actors/incident/types.ts";
import { IncidentPublisher } from "./incident-publisher.ts";
import { IncidentStage } from "./incident-stage.ts";
import { type Incarnation, ProcessorHost } from "./partition-host.ts";
import type { ProcessorOptions } from "./processor-options.ts";
import type { PublicStream, StateStore, Timer, Timers } from "./ports.ts";
import { TimerMirror } from "./timer-mirror.ts";

export type IncidentHostOptions = Omit<
  ProcessorOptions<IncidentOutput>,
  "stageName" | "stage" | "publisher"
> & {
  timers: Timers;
  state: StateStore;
  incidents: PublicStream;
  outbox: PublicStream;
  reply(replyTo: string, outcome: unknown): void;
  incidentSubject(event: IncidentEvent): string;
  outboxSubject(notification: Notification | GroupNotification): string;
};

export class IncidentHost extends ProcessorHost<IncidentOutput> {
  private readonly options: IncidentHostOptions;
  private current: IncidentStage | null = null;

  constructor(options: IncidentHostOptions) {
    super("incident", options.partition, options.logger, options.causeOfDeath);
    this.options = options;
  }

  /** The stage for reads; null while the partition recovers. */
  reads(): IncidentStage | null {
    return this.serving ? this.current : null;
  }

  protected override incarnate(): Incarnation<IncidentOutput> {
    const { timers, state, incidents, outbox, reply, ...rest } = this.options;
    const { incidentSubject, outboxSubject, ...shared } = rest;
    const { partition, codec, clock } = shared;
    const stage = new IncidentStage({ codec, partition, config: null });
    const mirror = new TimerMirror(timers, partition);
    const publisher = new IncidentPublisher({
      partition,
      incidents,
      outbox,
      state,
      timers: mirror,
      codec,
      clock,
      incidentSubject,
      outboxSubject,
    });
    this.current = stage;
    const committed = (outputs: IncidentOutput[]): void => {
      for (const output of outputs) {
        if (output.kind === "reply") reply(output.replyTo, output.outcome);
        if (output.kind === "silence" && output.replyTo !== "") {
          reply(output.replyTo, { taken: output.taken });
        }
        if (output.kind === "edges") reply(output.replyTo, { refused: output.refused });
      }
    };
    return {
      options: {
        ...shared,
        causeOfDeath: this.causeOfDeath,
        stageName: "incident",
        stage,
        publisher,
        outputBytes,
        committed,
        recovered: (begun, isOwner) =>
          mirror.start(timersAfter(stage.liveTimers(), begun), isOwner),
        nextWakeAtMs: () => mirror.nextWakeAtMs(stage.nextWakeAtMs()),
      },
      stats: () => ({ actors: stage.size, counters: null }),
      end: () => mirror.stop(),
    };
  }
}

/** The timers once these outputs have been given: what the relay writes, whichever is first. */
function timersAfter(live: Timer[], outputs: readonly IncidentOutput[]): Timer[] {
  const timers = new Map(live.map((timer) => [timer.id, timer]));
  for (const output of outputs) {
    if (output.kind !== "timer") continue;
    const { id, generation, fireAtMs } = output;
    if (fireAtMs === null) timers.delete(id);
    else timers.set(id, { id, generation, fireAtMs });
  }
  return [...timers.values()];
}

/** Messages about groups show all of their alerts, and silences have texts; the rest is small. */
function outputBytes(output: IncidentOutput): number {
  const isLarge = output.kind === "notifyGroup" || output.kind === "silence";
  return isLarge ? Buffer.byteLength(JSON.stringify(output)) : smallBytes;
}

const smallBytes = 1_500;
