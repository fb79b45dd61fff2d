/**
 * Hears of incidents that open, and proposes to merge those whose texts read like an older open
 * one's. It stands beside the way of an alert: it reads what is public already and sends
 * commands like anybody else, so that a slow or failing model delays nothing.
 *
 * W1 An incident is handled one after the other, so that each sees what became of those before.
 * W2 An incident is done with when its command has an answer, or nothing is to be proposed; a
 *    crash before that repeats it, and the command's id makes the repetition harmless.
 * W3 A model without an answer means no proposal, never a repetition: only an owner that does not
 *    answer is asked again.
 */
import type { Command, CommandOutcome, IncidentView } from "../../actors/incident/types.ts";
import { RetryableError } from "../errors.ts";
import type { Clock, Logger } from "../ports.ts";
import type { Found, Relatedness } from "./related-incident.ts";

/** Open incidents, as their owner knows them. */
export interface Neighbours {
  /** The incident as it is now; null: it is not in memory any more. @throws RetryableError */
  get(id: string): Promise<IncidentView | null>;
  /**
   * Open incidents of the same tenant, environment and partition that were created from `fromMs`
   * on, and not later than the incident itself; newest first, `limit` at most.
   * @throws RetryableError
   */
  openUpTo(incident: IncidentView, fromMs: number, limit: number): Promise<IncidentView[]>;
  /** @throws RetryableError when no owner answered in time: safe to repeat. */
  execute(command: Command): Promise<CommandOutcome>;
}

export type OpenedJob = { data: Uint8Array; ack(): void; retry(delayMs: number): void };

export interface OpenedQueue {
  /** CloudEvents of incidents that opened: at least one, those that are there; [] once closed. */
  next(): Promise<OpenedJob[]>;
  close(): Promise<void>;
}

export type RelationWorkerOptions = {
  queue: OpenedQueue;
  neighbours: Neighbours;
  relatedness: Relatedness;
  /** How old an incident may be to be related to, and to be looked at itself; ms. */
  windowMs: number;
  /** Older incidents that one is compared with, at most. */
  candidates: number;
  clock: Clock;
  log: Logger;
};

export type RelationCounts = {
  merged: number;
  refused: number;
  unrelated: number;
  /** Too old, or taken or over by the time that it was looked at. */
  passedOver: number;
  undecodable: number;
  /** Something went wrong that repeating would not mend; the log says what. */
  failed: number;
};

const retryMs = 5_000;
/** A storm opens many incidents at one moment; those after this one are read and left out. */
const sameMomentMax = 200;

export class RelationWorker {
  readonly counts: RelationCounts = {
    ...{ merged: 0, refused: 0, unrelated: 0, passedOver: 0, undecodable: 0, failed: 0 },
  };
  readonly #options: RelationWorkerOptions;
  readonly #end = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: RelationWorkerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Ends calls of models that are under way; what is not done with comes again at a start. */
  async stop(): Promise<void> {
    this.#end.abort();
    await this.#options.queue.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { queue, log, clock } = this.#options;
    const { signal } = this.#end;
    while (!signal.aborted) {
      try {
        const jobs = await queue.next();
        if (jobs.length > 0) await this.#handleAll(jobs);
      } catch (error) {
        if (signal.aborted) break;
        log.warn({ err: error }, "incidents that open could not be looked at; trying again");
        await clock.sleep(retryMs, signal);
      }
    }
  }

  async #handleAll(jobs: OpenedJob[]): Promise<void> {
    const { relatedness } = this.#options;
    const { signal } = this.#end;
    const known = jobs.map((job) => ({ job, incident: this.#decode(job) }));
    const fresh = known.flatMap(({ incident }) =>
      incident !== null && this.#isFresh(incident) ? [incident] : [],
    );
    // What is wrong with one of them is said when it is looked at, and holds up no other.
    if (fresh.length > 1) await relatedness.prepare(fresh, signal).catch(() => undefined);
    for (const { job, incident } of known) {
      if (signal.aborted) return;
      if (incident === null) this.counts.undecodable += 1;
      else if (!(await this.#handled(incident))) {
        job.retry(retryMs);
        continue;
      }
      if (!signal.aborted) job.ack();
    }
  }

  /** @returns false: to be repeated later. */
  async #handled(incident: IncidentView): Promise<boolean> {
    try {
      this.counts[await this.#relate(incident)] += 1;
      return true;
    } catch (error) {
      const { log } = this.#options;
      if (error instanceof RetryableError) {
        log.warn({ incident: incident.id, why: error.message }, "an incident is looked at again");
        return false;
      }
      this.counts.failed += 1;
      log.error({ incident: incident.id, err: error }, "an incident's text could not be compared");
      return true;
    }
  }

  async #relate(opened: IncidentView): Promise<keyof RelationCounts> {
    const { neighbours, relatedness, windowMs, candidates } = this.#options;
    if (!this.#isFresh(opened)) return "passedOver";
    const present = await neighbours.get(opened.id);
    if (present?.status !== "triggered") return "passedOver";
    const fromMs = Date.parse(present.created_at) - windowMs;
    const open = await neighbours.openUpTo(present, fromMs, candidates + sameMomentMax);
    const older = open.filter((one) => isOlder(one.id, present.id)).slice(0, candidates);
    const found = await relatedness.find(present, older, this.#end.signal);
    if (found === null) return "unrelated";
    return this.#propose(present, found);
  }

  async #propose(younger: IncidentView, { older, evidence }: Found): Promise<"merged" | "refused"> {
    const { neighbours, log } = this.#options;
    const outcome = await neighbours.execute({
      id: `relate:${younger.id}:${older.id}`,
      incidentId: younger.id,
      by: "correlation",
      action: { kind: "relate", to: older.id, evidence },
      replyTo: "",
    });
    if (outcome.kind === "done") return "merged";
    const fields = { incident: younger.id, to: older.id, why: outcome.reason };
    log.info(fields, "an incident was not merged although its text reads like another's");
    return "refused";
  }

  #isFresh({ created_at }: IncidentView): boolean {
    const { clock, windowMs } = this.#options;
    return Date.parse(created_at) >= clock.nowMs() - windowMs;
  }

  #decode({ data }: OpenedJob): IncidentView | null {
    try {
      const event = JSON.parse(new TextDecoder().decode(data)) as CloudEvent;
      const incident = event.data?.incident;
      const isOne = typeof incident?.id === "string" && typeof incident.created_at === "string";
      return isOne ? incident : null;
    } catch {
      return null;
    }
  }
}

type CloudEvent = { data?: { incident?: IncidentView } };

/** Within one partition. */
function isOlder(id: string, than: string): boolean {
  const [[seq, nth], [otherSeq, otherNth]] = [placeOf(id), placeOf(than)];
  return seq < otherSeq || (seq === otherSeq && nth < otherNth);
}

/** Ids end in the input's position (base 36) and, where it opened several, in their number. */
function placeOf(id: string): [seq: number, nth: number] {
  const [, seq = "", nth = "1"] = /^inc-\d+-([0-9a-z]+)(?:-(\d+))?$/.exec(id) ?? [];
  return [Number.parseInt(seq, 36), Number(nth)];
}
