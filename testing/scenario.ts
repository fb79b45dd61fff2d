/**
 * Stories about incidents, told on the real incident stage in simulated time:
 *
 *   scenario("an unacknowledged incident climbs to the second responder", { config })
 *     .at("00:00").when(alertFired("db-down")).then(notified("primary"))
 *     .at("05:00").when(nothing()).then(notified("secondary"))
 *     .thenNothing();
 *
 * Each `when` hands its records to the stage, as the partition processor would. `then` wants
 * its expectations among the outputs of the last `when`, in that order; others may lie between.
 * `thenNothing` wants no output after the last one matched (timers do not count: nobody
 * notices them). Beside the stage runs a twin that is rebuilt from a snapshot before each
 * record; both must always say the same (S3), so every story tests recovery as well.
 */
import { isDeepStrictEqual } from "node:util";
import type { IncidentConfig, IncidentOutput } from "../actors/incident/types.ts";
import { IncidentStage } from "../runtime/incident-stage.ts";
import type { WorkRecord } from "../runtime/work.ts";
import { codec } from "../streams/codec.ts";
import type { Expectation } from "./scenario-expectations.ts";
import { outputText } from "./scenario-expectations.ts";
import { clockMs, storyBeginMs } from "./story-clock.ts";

/** What a story may know when it makes its next record. */
export type Told = {
  /** Id of the newest incident whose alertname, title or id is `name`. */
  incident(name: string): string;
  /** Position for the next alert item. */
  nextOrigin(): { stepSeq: number; index: number };
  nowMs: number;
};

export type Happening = { record(told: Told): WorkRecord; takesMs: number };

export type ScenarioOptions = { config?: IncidentConfig; partition?: number };

export function scenario(name: string, options: ScenarioOptions = {}): Scenario {
  return new Scenario(name, options);
}

export class Scenario {
  readonly #name: string;
  readonly #partition: number;
  #stage: IncidentStage;
  #timeMs = storyBeginMs;
  #time = "00:00";
  #seq = 0;
  #stepSeq = 0;
  #outputs: IncidentOutput[] = [];
  /** Outputs before this index were matched or passed over. */
  #matched = 0;
  readonly #incidents = new Map<string, string>();

  constructor(name: string, options: ScenarioOptions) {
    this.#name = name;
    this.#partition = options.partition ?? 0;
    const config = options.config ?? null;
    this.#stage = new IncidentStage({ codec, partition: this.#partition, config });
  }

  at(time: string): this {
    const timeMs = storyBeginMs + clockMs(time);
    if (timeMs < this.#timeMs) throw new Error(`${this.#name}: ${time} is in the past`);
    this.#timeMs = timeMs;
    this.#time = time;
    return this;
  }

  when(...happenings: Happening[]): this {
    this.#outputs = [];
    this.#matched = 0;
    for (const happening of happenings) {
      this.#timeMs += happening.takesMs;
      const record = happening.record({
        incident: (name) => this.idOf(name),
        nextOrigin: () => ({ stepSeq: (this.#stepSeq += 1), index: 0 }),
        nowMs: this.#timeMs,
      });
      this.#feed(record);
    }
    return this;
  }

  then(...expectations: Expectation[]): this {
    for (const expectation of expectations) {
      const at = this.#outputs.findIndex(
        (output, index) => index >= this.#matched && expectation.matches(output),
      );
      if (at < 0) this.#fail(`expected ${expectation.text}`);
      this.#matched = at + 1;
    }
    return this;
  }

  thenNothing(): this {
    const rest = this.#outputs.slice(this.#matched).filter(({ kind }) => kind !== "timer");
    if (rest.length > 0) this.#fail("expected nothing more");
    return this;
  }

  /** None of the last outputs, wherever it stands, is like this. */
  thenNo(expectation: Expectation): this {
    if (this.#outputs.some(expectation.matches)) this.#fail(`unexpected: ${expectation.text}`);
    return this;
  }

  /** For what a story's own words do not cover. */
  check(look: (stage: IncidentStage, outputs: IncidentOutput[]) => void): this {
    look(this.#stage, this.#outputs);
    return this;
  }

  idOf(name: string): string {
    const id = this.#incidents.get(name);
    if (id === undefined) this.#fail(`no incident is known as "${name}"`);
    return id;
  }

  #feed(record: WorkRecord): void {
    this.#seq += 1;
    const data = codec.encode(record);
    const at = { seq: this.#seq, timeMs: this.#timeMs };
    const twin = new IncidentStage({ codec, partition: this.#partition, config: null });
    twin.restore(codec.decode(codec.encode(this.#stage.snapshot())));
    const said = outputsOf(this.#stage, data, at);
    const twinSaid = outputsOf(twin, data, at);
    if (!isDeepStrictEqual(said, twinSaid)) {
      this.#outputs.push(...said);
      this.#fail(`a stage restored from the snapshot said otherwise:\n${listText(twinSaid)}`);
    }
    for (const output of said) {
      if (output.kind === "event") this.#learn(output.event.incident);
    }
    this.#outputs.push(...said);
  }

  #learn(incident: { id: string; title: string; labels: Record<string, string> }): void {
    const { id, title, labels } = incident;
    // The newest incident of a name is the one meant; its later events change nothing.
    if (this.#incidents.has(id)) return;
    for (const name of [id, title, labels["alertname"]]) {
      if (name !== undefined) this.#incidents.set(name, id);
    }
  }

  #fail(problem: string): never {
    const message = `${this.#name}\n  at ${this.#time}: ${problem}\n  outputs of this when:\n`;
    throw new Error(message + listText(this.#outputs, this.#matched));
  }
}

function outputsOf(
  stage: IncidentStage,
  data: Uint8Array,
  at: { seq: number; timeMs: number },
): IncidentOutput[] {
  const outputs: IncidentOutput[] = [];
  const emit = (output: IncidentOutput): void => void outputs.push(output);
  stage.advance(at.timeMs, emit);
  stage.apply(data, at, emit);
  return outputs;
}

function listText(outputs: IncidentOutput[], matched = 0): string {
  if (outputs.length === 0) return "    (none)";
  return outputs
    .map((output, index) => `    ${index < matched ? "✓" : "·"} ${outputText(output)}`)
    .join("\n");
}
