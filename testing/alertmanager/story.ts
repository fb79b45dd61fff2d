/**
 * One story told to both programs: alerts with the label `case`, at seconds from its beginning.
 * Groups wait 1 s and are looked at every 2 s: what happens at even seconds is far from any look.
 */
import type { Message } from "./messages.ts";
import { type Name, names, type SentAlert, type Twins } from "./twins.ts";

export type Labels = Record<string, string>;

export class Story {
  readonly about: string;
  readonly #twins: Twins;
  readonly beganMs = Date.now();

  constructor(twins: Twins, about: string) {
    this.#twins = twins;
    this.about = about;
  }

  /** Waits until so many seconds after the beginning. */
  async at(seconds: number): Promise<this> {
    const waitMs = this.beganMs + seconds * 1_000 - Date.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    return this;
  }

  /** @param more of the alerts, or labels beside `case` and `alertname`. */
  async fire(instances: string[], more: Partial<SentAlert> = {}): Promise<this> {
    await this.#twins.send(...instances.map((instance) => this.#alert({ instance }, more)));
    return this;
  }

  async resolve(instances: string[], more: Partial<SentAlert> = {}): Promise<this> {
    return this.fire(instances, { ...more, endsAt: new Date().toISOString() });
  }

  /** @returns ids, by program, of a silence of one instance. */
  async silence(instance: string, forMs = 3_600_000): Promise<Record<Name, string>> {
    const nowMs = Date.now();
    const matchers = [
      { name: "case", value: this.about, isRegex: false },
      { name: "instance", value: `${instance}|nothing`, isRegex: true, isEqual: true },
    ];
    const times = [nowMs, nowMs + forMs].map((ms) => new Date(ms).toISOString());
    const [startsAt, endsAt] = times;
    const silence = { matchers, startsAt, endsAt, createdBy: "ann", comment: "work" };
    const answers = await this.#twins.both("POST", "/api/v2/silences", silence);
    const ids = answers.map(({ body }) => (body as { silenceID: string }).silenceID);
    return Object.fromEntries(names.map((name, index) => [name, ids[index]!])) as Record<
      Name,
      string
    >;
  }

  async expire(ids: Record<Name, string>): Promise<this> {
    const asked = names.map((name) =>
      this.#twins.ask(name, "DELETE", `/api/v2/silence/${ids[name]}`),
    );
    for (const { status } of await Promise.all(asked)) {
      if (status !== 200) throw new Error(`DELETE of a silence answered ${status}`);
    }
    return this;
  }

  messages(name: Name): Message[] {
    return this.#twins.messages(name, this.about);
  }

  #alert(labels: Labels, more: Partial<SentAlert>): SentAlert {
    const { about } = this;
    return { ...more, labels: { alertname: "Down", case: about, ...labels, ...more.labels } };
  }
}
