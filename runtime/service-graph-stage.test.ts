/** The service graph inside the incident stage: stated, named by labels, kept in snapshots. */
import { expect, test } from "vitest";
import type { LearntEdge } from "../actors/correlation/learnt-edges.ts";
import type { IncidentOutput } from "../actors/incident/types.ts";
import { loadConfig } from "./config/load.ts";
import { codec } from "../streams/codec.ts";
import { storyConfig } from "../testing/story-config.ts";
import { IncidentStage } from "./incident-stage.ts";
import type { WorkRecord } from "./work.ts";

const { correlation } = loadConfig(null, "correlation: { labels: [] }");

class Story {
  stage = newStage();
  #seq = 0;

  apply(record: WorkRecord): IncidentOutput[] {
    const outputs: IncidentOutput[] = [];
    this.#seq += 1;
    const at = { seq: this.#seq, timeMs: this.#seq * 1_000 };
    this.stage.apply(codec.encode(record), at, (output) => outputs.push(output));
    return outputs;
  }

  /** @returns the incident that the alert is in, and why. */
  alert(labels: Record<string, string>): [string, string] {
    const seq = this.#seq + 1;
    const fingerprint = seq.toString(16).padStart(16, "0");
    const all = { alertname: `Down${seq}`, severity: "critical", ...labels };
    const body = { labels: all, annotations: {}, generatorURL: "", dedupKey: null };
    const times = { atMs: 0, startsAtMs: 0, endsAtMs: 1 };
    const event = { kind: "opened" as const, fingerprint, received: 1 as const, ...times, body };
    const items = [{ stepSeq: seq, index: 0, event }];
    for (const output of this.apply({ kind: "alerts", partition: 0, items })) {
      if (output.kind !== "event") continue;
      const { incident, because } = output.event;
      return [incident.service, because];
    }
    throw new Error("the alert is in no incident");
  }

  restart(): void {
    const snapshot = codec.decode(codec.encode(this.stage.snapshot()));
    this.stage = newStage();
    this.stage.restore(snapshot);
  }
}

function newStage(): IncidentStage {
  return new IncidentStage({ codec, partition: 0, config: storyConfig({ correlation }) });
}

function edge(service: string, dependency: string, more: Partial<LearntEdge> = {}): LearntEdge {
  const scope = { tenant: null, environment: null };
  const state = { atMs: 1, removed: false, by: "ana" };
  return { source: "api", ...scope, service, dependency, ...state, ...more };
}

test("a label relates the very alert that names it, after a restart too", () => {
  const story = new Story();
  story.alert({ service: "db" });
  const [incident, because] = story.alert({ service: "shop", depends_on: "db, cache" });
  expect([incident, because]).toEqual(["db", expect.stringContaining('"shop" depends on "db"')]);
  story.alert({ service: "cache" });
  story.restart();
  expect(story.alert({ service: "shop", instance: "2" })[0]).toBe("db");
  expect(story.alert({ service: "shop", env: "staging" })[0]).toBe("shop");
});

test("stated edges hold from their record on, until the record that takes them back", () => {
  const story = new Story();
  story.alert({ service: "db" });
  expect(story.alert({ service: "shop" })[0]).toBe("shop");
  const state = { kind: "edges" as const, replyTo: "inbox" };
  const stated = story.apply({ ...state, edges: [edge("cart", "db")] });
  expect(stated).toEqual([{ kind: "edges", refused: 0, replyTo: "inbox" }]);
  story.restart();
  expect(story.alert({ service: "cart" })[0]).toBe("db");
  const back = edge("cart", "db", { atMs: 2, removed: true });
  expect(story.apply({ kind: "edges", edges: [back], replyTo: "" })).toEqual([]);
  expect(story.alert({ service: "cart", env: "x" })[0]).toBe("cart");
  story.restart();
  story.apply({ kind: "edges", edges: [edge("cart", "db")], replyTo: "" });
  expect([...story.stage.graph.learnt("api")]).toEqual([back]);
});
