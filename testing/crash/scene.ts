/**
 * Where disasters happen: the real program in a directory of its own, a webhook receiver beside
 * it, and the ways to pull the plug. Only a program that is gone as a whole is started again;
 * everything else it has to get over by itself.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Random } from "../random.ts";
import { startWebhookReceiver, type WebhookReceiver } from "../webhook-receiver.ts";
import { killHard, processTree } from "./process-tree.ts";
import { Program, type ProgramOptions } from "./program.ts";

export const disasters = ["everything", "nats-server", "one shard"] as const;
export type Disaster = (typeof disasters)[number];

export class Scene {
  /** The present one: another after each end of everything. */
  program: Program;
  readonly receiver: WebhookReceiver;
  private readonly dir: string;
  private readonly options: ProgramOptions;

  static async open(name: string): Promise<Scene> {
    const dir = mkdtempSync(join(tmpdir(), `tocsin-${name}-`));
    const receiver = await startWebhookReceiver();
    const configPath = join(dir, "tocsin.yaml");
    writeFileSync(configPath, configuration(receiver.url));
    const options = { dataDir: join(dir, "data"), configPath, chaos: true };
    try {
      return new Scene(dir, receiver, options, await Program.start(options));
    } catch (error) {
      await receiver.stop();
      rmSync(dir, { recursive: true, force: true });
      throw error;
    }
  }

  private constructor(
    dir: string,
    receiver: WebhookReceiver,
    options: ProgramOptions,
    program: Program,
  ) {
    this.dir = dir;
    this.receiver = receiver;
    this.options = options;
    this.program = program;
  }

  get url(): string {
    return this.program.url;
  }

  /** @param random chooses the moment, and the shard. */
  async strike(disaster: Disaster, random: Random): Promise<void> {
    if (disaster === "everything") {
      // Looking up the processes holds the senders of this thread up for long enough that all
      // they sent is answered; by the time the plug is pulled, requests are under way again.
      const family = processTree(this.program.child.pid ?? -1);
      await new Promise((resolve) => setTimeout(resolve, random.between(20, 80)));
      killHard(family);
      await this.program.gone();
      this.program = await Program.start(this.options);
      return;
    }
    const status = await this.program.status();
    if (disaster === "nats-server") return killHard([status.nats.pid]);
    const shard = random.between(0, status.shards.length - 1);
    const answer = await fetch(`${this.url}/v1/chaos/shards/${shard}/kill`, { method: "POST" });
    if (!answer.ok) throw new Error(`killing shard ${shard} answered ${answer.status}`);
  }

  /** @param failed keeps the data, and says where, for whoever looks into it. */
  async close(failed: boolean, seed: number): Promise<void> {
    this.program.kill9();
    await this.receiver.stop();
    if (failed) process.stderr.write(`CRASH_SEED=${seed}; the data is kept in ${this.dir}\n`);
    else rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Small and quick: roll-ups and pages within seconds, no alert ends by itself. */
function configuration(webhookUrl: string): string {
  return `
partitions: { dedup: 4, incident: 2 }
shards: 2
nats: { port: 0 }
ingest: { resolve_timeout: 12h }
dedup: { rollup_first: 1s, rollup_max: 2s }
receivers:
  - name: primary
    webhook: { url: "${webhookUrl}/primary" }
  - name: secondary
    webhook: { url: "${webhookUrl}/secondary" }
escalation_policies:
  - name: page
    levels:
      - { after: 0s, receivers: [primary] }
      - { after: 10s, receivers: [secondary] }
    repeats: 5
    repeat_after: 10s
rules:
  - { match: ['severity="critical"'], policy: page }
`;
}
