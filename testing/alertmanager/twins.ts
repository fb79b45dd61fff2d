/**
 * Tocsin and Alertmanager side by side with the same configuration: whatever is asked of one is
 * asked of the other at the same moment, and their webhook messages come to one server.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Program } from "../crash/program.ts";
import { startWebhookReceiver, type WebhookReceiver } from "../webhook-receiver.ts";
import { Child } from "./child.ts";
import { installed } from "./installed.ts";
import { type Message, messageOf } from "./messages.ts";

/** Under its own name and under Debian's. */
export const alertmanagerProgram = installed("prometheus-alertmanager", "alertmanager");

export const names = ["tocsin", "alertmanager"] as const;
export type Name = (typeof names)[number];

export type Answer = { status: number; body: unknown; headers: Headers };
/** Times as Date.parse reads them, or left out. */
export type SentAlert = {
  labels: Record<string, string>;
  annotations?: Record<string, string>;
  startsAt?: string;
  endsAt?: string;
  generatorURL?: string;
};

export class Twins {
  readonly #directory = mkdtempSync(join(tmpdir(), "tocsin-twins-"));
  readonly #server: WebhookReceiver;
  #tocsin: Program | null = null;
  #alertmanager: Child | null = null;

  /** @param config alertmanager.yml for webhooks at this URL. */
  static async start(config: (url: string) => string): Promise<Twins> {
    const twins = new Twins(await startWebhookReceiver());
    twins.configure(config);
    await Promise.all(names.map((name) => twins.#start(name)));
    return twins;
  }

  private constructor(server: WebhookReceiver) {
    this.#server = server;
  }

  /** Writes both files; whoever runs is to reload them. */
  configure(config: (url: string) => string): void {
    for (const name of names) {
      writeFileSync(this.#file(name), config(`${this.#server.url}/${name}`));
    }
  }

  /** The next messages to this path of either get these answers, then 200 again. */
  answer(path: string, ...answers: number[]): void {
    const statuses = answers.map((status) => ({ status }));
    for (const name of names) this.#server.script(`/${name}${path}`, ...statuses);
  }

  url(name: Name): string {
    const url = name === "tocsin" ? this.#tocsin?.url : this.#alertmanager?.url;
    if (url === undefined) throw new Error(`${name} does not run`);
    return url;
  }

  async ask(name: Name, method: string, path: string, body?: unknown): Promise<Answer> {
    const isText = typeof body === "string";
    const response = await fetch(`${this.url(name)}${path}`, {
      method,
      ...(body !== undefined && {
        headers: { "content-type": "application/json" },
        body: isText ? body : JSON.stringify(body),
      }),
    });
    const text = await response.text();
    return { status: response.status, body: parsed(text), headers: response.headers };
  }

  /** @returns Tocsin's answer, then Alertmanager's. */
  both(method: string, path: string, body?: unknown): Promise<[Answer, Answer]> {
    const asked = names.map((name) => this.ask(name, method, path, body));
    return Promise.all(asked) as Promise<[Answer, Answer]>;
  }

  /** What begins or ends now does so at the same moment for both. @throws unless both take all. */
  async send(...alerts: SentAlert[]): Promise<void> {
    const startsAt = new Date().toISOString();
    const timed = alerts.map((each) => (each.endsAt === undefined ? { startsAt, ...each } : each));
    const answers = await this.both("POST", "/api/v2/alerts", timed);
    if (answers.some(({ status }) => status !== 200)) {
      throw new Error(`POST /api/v2/alerts: ${JSON.stringify(answers)}`);
    }
  }

  /** Messages about alerts whose label `case` has this value, in the order they came. */
  messages(name: Name, about: string): Message[] {
    return this.#server.deliveries
      .filter(({ path }) => path.startsWith(`/${name}/`))
      .map(messageOf)
      .filter((message) => message.alerts.some(({ labels }) => labels["case"] === about));
  }

  /** No time to write anything down: both are gone at once, and start again. */
  async pullThePlug(): Promise<void> {
    this.#tocsin?.kill9();
    await Promise.all([this.#tocsin?.gone(), this.#alertmanager?.kill9()]);
    await Promise.all(names.map((name) => this.#start(name)));
  }

  async stop(): Promise<void> {
    this.#tocsin?.kill9();
    await Promise.all([this.#alertmanager?.kill9(), this.#tocsin?.gone(), this.#server.stop()]);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #start(name: Name): Promise<void> {
    const configPath = this.#file(name);
    const dataDir = join(this.#directory, name);
    if (name === "tocsin") {
      const args = ["--web.external-url", "http://alerts.test"];
      this.#tocsin = await Program.start({ dataDir, configPath, chaos: false, args });
      return;
    }
    if (alertmanagerProgram === undefined) throw new Error("no Alertmanager on the PATH");
    const args = (address: string): string[] => [
      ...[`--config.file=${configPath}`, `--storage.path=${dataDir}`],
      ...[`--web.listen-address=${address}`, "--web.external-url=http://alerts.test"],
      ...["--cluster.listen-address=", "--web.route-prefix=/"],
    ];
    this.#alertmanager = await Child.start(alertmanagerProgram, args, "/-/ready");
  }

  #file(name: Name): string {
    return join(this.#directory, `${name}.yml`);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
