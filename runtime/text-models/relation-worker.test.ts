/** The worker over the real incident stage, with models that answer as they are told. */
import { beforeEach, describe, expect, test } from "vitest";
import type { IncidentView } from "../../actors/incident/types.ts";
import { eventually } from "../../testing/contracts/eventually.ts";
import { StageIncidents } from "../../testing/incident-world.ts";
import { cloudEvent } from "../cloud-event.ts";
import { RetryableError } from "../errors.ts";
import { systemClock } from "../system-clock.ts";
import { LimitedModel } from "./limited-model.ts";
import { maskedText } from "./masked-text.ts";
import type { ReadIncident, Verdict } from "./ports.ts";
import { Relatedness, type ClassifierUse } from "./related-incident.ts";
import { RelationWorker, type Neighbours, type OpenedJob } from "./relation-worker.ts";
import { unitVector } from "./text-similarity.ts";
import { TextVectors } from "./text-vectors.ts";
import { Verdicts } from "./verdicts.ts";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const limits = { callsPerHour: 1_000, tokensPerHour: 1e9, timeoutMs: 5_000 };
const acme = { tenant: "acme", environment: "prod" };

let world: StageIncidents;
let calls = 0;
let isBroken = false;
let lostAnswers = 0;
beforeEach(() => {
  world = new StageIncidents();
  calls = 0;
  isBroken = false;
  lostAnswers = 0;
});

/** Texts about payments look one way, those about disks another. */
const embedder = {
  async embed(texts: string[]) {
    calls += 1;
    if (isBroken) throw new RetryableError("HTTP 500");
    const feature = (text: string, word: string) => (text.includes(word) ? 1 : 0.05);
    const vector = (text: string) => unitVector([feature(text, "payment"), feature(text, "disk")]);
    return { vectors: texts.map(vector), tokens: null };
  },
  async close() {},
};

const neighbours: Neighbours = {
  get: (id) => world.get(id),
  async openUpTo({ tenant, environment, created_at }, fromMs, limit) {
    const filter = {
      ...{ statuses: ["open" as const], severities: [], services: [], text: "" },
      ...{ tenants: [tenant], environments: [environment] },
      ...{ createdFromMs: fromMs, createdBeforeMs: Date.parse(created_at) + 1 },
    };
    return (await world.list(filter, limit, null)).items;
  },
  async execute(command) {
    if (lostAnswers-- > 0) throw new RetryableError("the owner did not answer");
    return world.execute(command);
  },
};

type Made = { classifier?: ClassifierUse | null; withVectors?: boolean; windowMs?: number };

/** Runs a worker over these jobs until each is acknowledged or is to be repeated. */
async function handle(jobs: Uint8Array[], made: Made = {}): Promise<RelationWorker["counts"]> {
  const { classifier = null, withVectors = true, windowMs = 3_600_000 } = made;
  const vectors = new TextVectors(embedder, new LimitedModel("e", limits, systemClock, quiet), 100);
  let waiting = jobs;
  let done = 0;
  const job = (data: Uint8Array): OpenedJob => ({
    data,
    ack: () => void (done += 1),
    retry: () => void (waiting = [...waiting, data]),
  });
  const closed = Promise.withResolvers<never[]>();
  const worker = new RelationWorker({
    queue: {
      async next() {
        const now = waiting;
        waiting = [];
        return now.length === 0 ? closed.promise : now.map(job);
      },
      close: async () => closed.resolve([]),
    },
    relatedness: new Relatedness({
      textOf: (incident) => maskedText(incident, (text) => text, 1_000),
      ...{ vectors: withVectors ? vectors : null, threshold: 0.85, classifier },
    }),
    ...{ neighbours, windowMs, candidates: 50, clock: systemClock, log: quiet },
  });
  worker.start();
  await eventually(() => expect(done).toBe(jobs.length));
  await worker.stop();
  return worker.counts;
}

function alert(service: string, summary: string, more: Record<string, string> = {}): void {
  world.alert({ alertname: service, service, severity: "critical", ...acme, ...more }, { summary });
}

function opened(): Uint8Array[] {
  return world.events
    .filter(({ kind }) => kind === "opened")
    .map((event) => cloudEvent(event.incident.id, event));
}

const incidents = async (): Promise<IncidentView[]> => {
  const any = { statuses: [], severities: [], services: [], tenants: [], text: "" };
  const page = await world.list({ ...any, createdFromMs: null, createdBeforeMs: null }, 100, null);
  return page.items.toReversed();
};
const mergers = async () => (await incidents()).map(({ merged_into }) => merged_into);

describe("with embeddings", () => {
  test("an incident whose text reads like an older one's becomes part of it", async () => {
    alert("gateway", "payment calls time out after 31 s");
    alert("node", "disk of node-7 is full");
    alert("checkout", "payment provider does not answer");
    const [first] = await incidents();
    const counts = await handle(opened());
    expect(await mergers()).toEqual([null, null, first?.id]);
    expect(counts).toMatchObject({ merged: 1, unrelated: 2, refused: 0 });
    expect(calls, "one call for all of them").toBe(1);
    const why = world.events.find(({ kind }) => kind === "merged")?.because;
    expect(why).toBe(
      `correlation merged it into ${first?.id}: their texts are alike (cosine 1): ` +
        '"gateway: payment calls time out after 0 s" and ' +
        '"checkout: payment provider does not answer"',
    );
  });

  test("again and again, the same jobs change nothing more", async () => {
    alert("gateway", "payment calls time out");
    alert("checkout", "payment provider does not answer");
    await handle(opened());
    const events = world.events.length;
    const counts = await handle([...opened(), ...opened()]);
    expect(world.events).toHaveLength(events);
    expect(counts).toMatchObject({ merged: 0, passedOver: 2, unrelated: 2 });
  });

  test("an event without a text is no harm to those that came with it", async () => {
    alert("gateway", "payment calls time out");
    alert("checkout", "payment provider does not answer");
    const incident = { id: "inc-0-zz", created_at: new Date().toISOString() };
    const bare = new TextEncoder().encode(JSON.stringify({ data: { incident } }));
    expect(await handle([bare, ...opened()])).toMatchObject({ merged: 1, passedOver: 1 });
  });

  test("other tenants, other environments and what nobody has to do with stay apart", async () => {
    alert("gateway", "payment calls time out");
    alert("other", "payment calls time out", { tenant: "umbrella" });
    alert("staging", "payment calls time out", { environment: "staging" });
    alert("taken", "payment calls time out");
    const taken = (await incidents())[3]?.id ?? "";
    const action = { kind: "acknowledge" } as const;
    await world.execute({ id: "a", incidentId: taken, by: "ada", action, replyTo: "" });
    expect(await handle(opened())).toMatchObject({ merged: 0, unrelated: 3, passedOver: 1 });
  });

  test("what is older than the window is passed over", async () => {
    alert("gateway", "payment calls time out");
    alert("checkout", "payment calls time out");
    expect(await handle(opened(), { windowMs: 1_000 })).toMatchObject({ passedOver: 2 });
    expect(calls).toBe(0);
  });

  test("a model that fails leaves everything as it is, and repeats nothing", async () => {
    isBroken = true;
    alert("gateway", "payment calls time out");
    alert("checkout", "payment calls take for ever");
    expect(await handle(opened())).toMatchObject({ merged: 0, unrelated: 2 });
    expect(await mergers()).toEqual([null, null]);
  });

  test("an owner that does not answer is asked again", async () => {
    lostAnswers = 1;
    alert("gateway", "payment calls time out");
    alert("checkout", "payment calls take for ever");
    expect(await handle(opened())).toMatchObject({ merged: 1 });
  });

  test("what cannot be compared at all is counted and done with", async () => {
    alert("gateway", "payment calls time out");
    world.get = async () => {
      throw new Error("a bug");
    };
    expect(await handle(opened())).toMatchObject({ failed: 1, merged: 0 });
  });

  test("what is no event is counted and done with", async () => {
    const texts = ["", "{}", '{"data":{"incident":7}}', "\u0000"];
    const jobs = texts.map((text) => new TextEncoder().encode(text));
    expect(await handle(jobs)).toMatchObject({ undecodable: 4 });
  });
});

describe("with a classifier", () => {
  const asked: [ReadIncident, ReadIncident][] = [];
  let verdict: Verdict;
  beforeEach(() => {
    asked.length = 0;
    verdict = { same: true, confidence: 0.9, sentence: "One database\u001b[31m serves\nboth." };
  });
  const use = (): ClassifierUse => ({
    verdicts: new Verdicts(
      {
        async judge(older, younger) {
          asked.push([older, younger]);
          return { verdict, tokens: null };
        },
      },
      new LimitedModel("c", limits, systemClock, quiet),
      100,
    ),
    ...{ confidence: 0.8, askFrom: 0.05, pairs: 2 },
  });

  test("what is not alike enough is put to it, and its sentence is the reason", async () => {
    alert("db", "primary of payment db is gone");
    alert("node", "disk is full");
    const [first] = await incidents();
    expect(await handle(opened(), { classifier: use() })).toMatchObject({ merged: 1 });
    expect(asked).toEqual([
      [
        { severity: "critical", text: "db: primary of payment db is gone" },
        { severity: "critical", text: "node: disk is full" },
      ],
    ]);
    const merged = world.events.find(({ kind }) => kind === "merged");
    expect(merged).toMatchObject({
      because: `correlation merged it into ${first?.id}: One database [31m serves both.`,
      detail: { evidence: "classifier", score: 0.9 },
    });
  });

  test("alone it is asked about those with common words, a few at most", async () => {
    for (const name of ["a", "b", "c"]) alert(name, `${name}: replica lags behind primary`);
    alert("d", "something else entirely");
    alert("e", "replica of e lags far behind");
    verdict = { ...verdict, same: false };
    const only = opened().slice(-1);
    const counts = await handle(only, { classifier: use(), withVectors: false });
    expect(counts).toMatchObject({ unrelated: 1 });
    expect(asked).toHaveLength(2);
    expect(calls).toBe(0);
  });

  test("that is not sure enough merges nothing", async () => {
    alert("db", "primary of payment db is gone");
    alert("node", "disk is full");
    verdict = { ...verdict, confidence: 0.79 };
    expect(await handle(opened(), { classifier: use() })).toMatchObject({ merged: 0 });
  });
});

describe("texts as models read them", () => {
  const redact = (text: string) => text.replace("jane@example.com", "[mail]");
  const masked = (title: string, description = "") =>
    maskedText({ service: "s1", title, description }, redact, 84).replace(/^s1: /, "");

  test("numbers, ids, addresses and times are masked", () => {
    expect(masked("10.0.0.7:5432 lost 3.5% at 2026-01-31T23:59:59.5Z")).toBe(
      "<address> lost 0% at <time>",
    );
    expect(masked("pod 6f9d8c7b5e and 123e4567-e89b-12d3-a456-426614174000")).toBe(
      "pod <id> and <id>",
    );
    expect(masked("deadbeef facade")).toBe("deadbeef facade");
  });

  test("redacted first, of one line each, and cut", () => {
    expect(masked("asked by jane@example.com", "line one\n\n  two")).toBe(
      "asked by [mail]\nline one\n\n two",
    );
    expect(masked("x".repeat(200))).toHaveLength(80);
    expect(masked(`${"x".repeat(79)}😀`)).toBe(`${"x".repeat(79)}\ufffd`);
  });
});
