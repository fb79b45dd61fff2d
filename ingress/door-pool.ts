/**
 * The door threads of this process, as long-running piscina tasks, and their supervision. The
 * kernel spreads connections over all who listen on the port (SO_REUSEPORT), the main thread among
 * them.
 *
 * W1 A thread that dies takes its connections with it: their senders get no answer and repeat. It
 *    is started again after a back-off that grows while it keeps dying.
 * W2 What a dead thread had counted stays counted.
 */
import { randomInt } from "node:crypto";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { Piscina } from "piscina";
import type { DoorReport, DoorTask } from "../runtime/door-task.ts";
import type { Logger } from "../runtime/ports.ts";
import { RestartDelays } from "../runtime/restart-delays.ts";
import { systemClock } from "../runtime/system-clock.ts";
import { type Dispatch, answerForwarded } from "./forwarding.ts";
import { type IngressReadings, addedUp, afterwards } from "./readings.ts";

export type DoorPoolOptions = {
  /** File URL of the thread's entry (door.ts). */
  entry: string;
  doors: number;
  task: Omit<DoorTask, "door" | "cacheSeed" | "link">;
  dispatch: Dispatch;
  lagMs(): number;
  logger: Logger;
};

const lagEveryMs = 200;
/** After the grace for requests: for the frames that they wait for. */
const framesGraceMs = 6_000;

type Door = { link: MessagePort | null; readings: IngressReadings | null; done: Promise<void> };

export class DoorPool {
  private readonly options: DoorPoolOptions;
  private readonly pool: Piscina;
  private readonly doors: Door[];
  private readonly halt = new AbortController();
  private readonly abandon = new AbortController();
  private past: IngressReadings[] = [];
  private telling: NodeJS.Timeout | null = null;

  constructor(options: DoorPoolOptions) {
    this.options = options;
    const { entry, doors, logger } = options;
    this.pool = new Piscina({
      filename: entry,
      minThreads: doors,
      maxThreads: doors,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      atomics: "disabled",
    });
    this.pool.on("error", (error: unknown) => {
      logger.error({ error: String(error) }, "error in a door thread");
    });
    this.doors = Array.from({ length: doors }, () => ({
      ...{ link: null, readings: null },
      done: Promise.resolve(),
    }));
  }

  start(): void {
    this.doors.forEach((door, index) => {
      door.done = this.supervise(door, `door ${index + 1}`);
    });
    this.telling = setInterval(() => {
      const lagMs = this.options.lagMs();
      for (const { link } of this.doors) link?.postMessage({ kind: "lag", lagMs });
    }, lagEveryMs);
  }

  /** Of all doors that are or were. */
  readings(): IngressReadings[] {
    const present = this.doors.flatMap(({ readings }) => (readings === null ? [] : [readings]));
    return [...this.past, ...present];
  }

  /** Lets requests in flight finish for `graceMs`, and their frames a little longer. */
  async close(graceMs: number): Promise<void> {
    this.halt.abort();
    for (const { link } of this.doors) link?.postMessage({ kind: "close", graceMs });
    const late = setTimeout(() => this.abandon.abort(), graceMs + framesGraceMs);
    await Promise.all(this.doors.map(({ done }) => done));
    clearTimeout(late);
    if (this.telling !== null) clearInterval(this.telling);
    await this.pool.destroy();
  }

  private async supervise(door: Door, name: string): Promise<void> {
    const delays = new RestartDelays();
    while (!this.halt.signal.aborted) {
      const startedAtMs = Date.now();
      try {
        await this.runOnce(door, name);
      } catch (error) {
        if (this.halt.signal.aborted) return;
        const text = error instanceof Error ? error.message : String(error);
        this.options.logger.error({ door: name, error: text }, "door thread died; restarting it");
      }
      if (this.halt.signal.aborted) return;
      await systemClock.sleep(delays.after(Date.now() - startedAtMs), this.halt.signal);
    }
  }

  private async runOnce(door: Door, name: string): Promise<void> {
    const { task, dispatch } = this.options;
    const { port1, port2 } = new MessageChannel();
    door.link = port1;
    answerForwarded(port1, dispatch);
    port1.on("message", (message: DoorReport<IngressReadings>) => {
      if (message.kind === "readings") door.readings = message.readings;
    });
    const cacheSeed = randomInt(2 ** 48 - 1);
    const whole: DoorTask = { ...task, door: name, cacheSeed, link: port2 };
    try {
      await this.pool.run(whole, { transferList: [port2], signal: this.abandon.signal });
    } finally {
      door.link = null;
      port1.close();
      if (door.readings !== null) this.past = [addedUp([...this.past, afterwards(door.readings)])];
      door.readings = null;
    }
  }
}
