/**
 * Reminds of silences before they end: one that still mutes something when its end is near becomes
 * an alert of its own, which is routed like any other and ends with the silence. A silence that is
 * ended or prolonged in the meantime ends its reminder.
 *
 * Nothing is stored for it: what is due follows from the silences, and an alert that comes twice
 * is a repeat.
 */
import { isActive } from "../../actors/dispatch/silences.ts";
import { matchersText } from "../../actors/dispatch/text.ts";
import type { Silence } from "../../actors/dispatch/types.ts";
import type { Clock, Logger } from "../../runtime/ports.ts";
import type { AlertIntake, DispatchService } from "../../runtime/services.ts";
import { annotationText } from "../senders/sender.ts";

export type SilenceReminderOptions = {
  dispatch: DispatchService;
  intake: AlertIntake;
  clock: Clock;
  log: Logger;
  /** How long before its end a silence is reminded of, ms; 0: never. */
  remindBeforeMs(): number;
};

const checkEveryMs = 30_000;

export class SilenceReminder {
  readonly #options: SilenceReminderOptions;
  readonly #end = new AbortController();
  /** By the dedup key of their alert; at most the silences that there are. */
  #reminded = new Map<string, Silence>();
  #running: Promise<void> = Promise.resolve();

  constructor(options: SilenceReminderOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#end;
    while (!signal.aborted) {
      try {
        if (this.#options.remindBeforeMs() > 0) await this.#check();
      } catch (error) {
        log.warn({ err: error }, "reminders of silences have to wait");
      }
      await clock.sleep(checkEveryMs, signal);
    }
  }

  async #check(): Promise<void> {
    const { dispatch, clock, remindBeforeMs } = this.#options;
    const nowMs = clock.nowMs();
    const due = (await dispatch.silences()).filter(
      (silence) => isActive(silence, nowMs) && silence.endsAtMs - nowMs <= remindBeforeMs(),
    );
    const keys = new Set(due.map(keyOf));
    for (const [key, silence] of this.#reminded) {
      if (keys.has(key)) continue;
      const isOver = silence.endsAtMs <= nowMs;
      if (isOver || (await this.#send(silence, 0, nowMs))) this.#reminded.delete(key);
    }
    for (const silence of due) {
      if (this.#reminded.has(keyOf(silence))) continue;
      const { muted } = await dispatch.wouldMute(silence.matchers);
      if (muted === 0) continue;
      if (await this.#send(silence, muted, silence.endsAtMs)) {
        this.#reminded.set(keyOf(silence), silence);
      }
    }
  }

  /** @returns whether it is durable; if not, the next check tries again. */
  async #send(silence: Silence, muted: number, endsAtMs: number): Promise<boolean> {
    const { intake, clock } = this.#options;
    const { id, createdBy, comment, matchers } = silence;
    const ends = new Date(silence.endsAtMs).toISOString();
    const alerts = muted === 1 ? "alert" : "alerts";
    const alert = {
      dedup_key: keyOf(silence),
      labels: { alertname: "SilenceEnding", severity: "info", silence_id: id },
      annotations: {
        summary: annotationText(`The silence "${comment}" of ${createdBy} ends at ${ends}`),
        description: annotationText(`It mutes ${muted} ${alerts} now: ${matchersText(matchers)}`),
      },
      startsAt: new Date(clock.nowMs()).toISOString(),
      endsAt: new Date(endsAtMs).toISOString(),
    };
    const result = await intake.submit(Buffer.from(JSON.stringify(alert)), "silences");
    return result.kind === "accepted" && result.accepted === 1;
  }
}

/** A silence that is prolonged will be reminded of again. */
function keyOf({ id, endsAtMs }: Silence): string {
  return `silence-ending:${id}:${endsAtMs}`;
}
