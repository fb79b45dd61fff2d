/**
 * The seat of one partition, which successive owners take: it starts an owner (a production host
 * in a program of its own), notices its death, starts the next, and sometimes starts one too many
 * (a zombie goes on until it is evicted). It stands for the supervisor and for other nodes.
 */
import type { PartitionHost } from "../../runtime/partition-host.ts";
import type { Logger } from "../../runtime/ports.ts";
import { SharedSuspects, suspectsBytes } from "../../runtime/suspects.ts";
import type { SimLink } from "../sim-link.ts";
import type { World } from "./world.ts";

/** What a new owner is given by its surroundings. */
export type Surroundings = {
  link: SimLink;
  owner: string;
  suspects: SharedSuspects;
  logger: Logger;
};

type Owner = { host: PartitionHost; link: SimLink; number: number };

const restartDelayMaxMs = 3_000;
/** Two owners fight no longer than it takes a cluster to agree again. */
const zombieLifeMaxMs = 20_000;

export class Seat {
  readonly name: string;
  /** A record that no stage can read was put into the input: deaths are expected. */
  poisoned = false;
  private readonly world: World;
  private readonly take: (surroundings: Surroundings) => PartitionHost;
  private readonly suspects: SharedSuspects;
  private current: Owner | null = null;
  private started = 0;
  private zombies: SimLink[] = [];

  constructor(world: World, name: string, take: (surroundings: Surroundings) => PartitionHost) {
    this.world = world;
    this.name = name;
    this.take = take;
    this.suspects = new SharedSuspects(new ArrayBuffer(suspectsBytes(1)), 0);
  }

  /** The newest owner's host, if it works. */
  get host(): PartitionHost | null {
    return this.current !== null && !this.current.link.isDead() ? this.current.host : null;
  }

  /** How many owners there have been. */
  get owners(): number {
    return this.started;
  }

  start(): void {
    this.started += 1;
    const number = this.started;
    const owner = `${this.name}#${number}`;
    const link = this.world.link(owner, () => {
      this.suspects.died();
      this.restartAfter(number);
    });
    const host = this.take({ link, owner, suspects: this.suspects, logger: this.logger(owner) });
    this.current = { host, link, number };
    this.world.note(`${owner} starts`);
    host.run(new AbortController().signal).then(
      () => {
        this.world.note(`${owner} ended`);
        this.restartAfter(number);
      },
      (error: unknown) => this.world.fail(`${owner} threw ${String(error)}`),
    );
  }

  /** kill -9 of the newest owner. */
  kill(): void {
    this.current?.link.crash();
  }

  /** The newest owner ends in good order; the next one follows. */
  stop(): void {
    this.host?.stop();
  }

  /** A second owner while the first still believes that it owns the partition. */
  usurp(): void {
    const zombie = this.current?.link;
    this.start();
    if (zombie === undefined) return;
    this.zombies.push(zombie);
    const lifeMs = this.world.random.between(0, zombieLifeMaxMs);
    this.world.scheduler.schedule(lifeMs, () => zombie.crash("evicted"));
  }

  /** The cluster agrees again on who owns the partition. */
  evictZombies(): void {
    for (const zombie of this.zombies) zombie.crash("evicted");
    this.zombies = [];
  }

  /** Only the newest owner is replaced: the end of a zombie changes nothing. */
  private restartAfter(number: number): void {
    if (number !== this.started) return;
    const delayMs = this.world.random.between(0, restartDelayMaxMs);
    this.world.scheduler.schedule(delayMs, () => {
      if (number === this.started) this.start();
    });
  }

  /** Hosts tell of their troubles only in the log; those that no fault explains are failures. */
  private logger(owner: string): Logger {
    const note = (fields: object, message: string): void =>
      this.world.note(`${owner}: ${message} ${JSON.stringify(fields)}`);
    const error = (fields: { error?: string; stack?: string }, message: string): void => {
      note({ ...fields, stack: undefined }, message);
      const explained = this.poisoned || fields.error?.includes("no answer to") === true;
      const forGood = message === "partition stopped for good";
      if (forGood || !explained) {
        this.world.fail(`${owner}: ${message}: ${fields.stack ?? fields.error ?? ""}`);
      }
    };
    return { debug: note, info: note, warn: note, error };
  }
}
