import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EdgeSet } from "./edge-set.ts";
import { type GraphConfig, type GraphSources, GraphState } from "./graph-state.ts";
import { ServiceGraph } from "./graph.ts";
import { type LearntEdge, learntMax } from "./learnt-edges.ts";

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];

function configOf(more: Partial<GraphSources> = {}): GraphConfig {
  const sources: GraphSources = {
    ...{ files: { shop: ["ledger"] }, labels: ["depends_on"], labelsForgetMs: day },
    ...{ traces: true, tracesForgetMs: hour, edgesMax: 1_000 },
  };
  const dependencies = { gateway: ["shop"], shop: ["ledger"] };
  return { dependencies, depthMax: 4, sources: { ...sources, ...more } };
}

function stateOf(more: Partial<GraphSources> = {}): GraphState {
  const state = new GraphState();
  state.configure(configOf(more));
  return state;
}

function edge(text: string, more: Partial<LearntEdge> = {}): LearntEdge {
  const [service = "", dependency = ""] = text.split(">");
  const scope = { tenant: null, environment: null };
  const stated = { atMs: 0, removed: false, by: "" };
  return { source: "api", ...scope, service, dependency, ...stated, ...more };
}

const names = (state: GraphState, service: string, tenant = "t", environment = "e"): string[] =>
  state.of(tenant, environment).upstreamOf(service).map((reached) => reached.service);

describe("where edges are known", () => {
  test("what the configuration says is known everywhere, and goes when nobody says it", () => {
    const state = stateOf();
    expect(names(state, "gateway")).toEqual(["shop", "ledger"]);
    state.configure({ ...configOf(), dependencies: {} });
    expect(names(state, "gateway")).toEqual([]);
    expect(names(state, "shop")).toEqual(["ledger"]);
    state.configure(configOf({ files: {} }));
    expect(names(state, "shop")).toEqual(["ledger"]);
    state.configure(null);
    expect(names(state, "shop")).toEqual([]);
  });

  test("an edge of a tenant is nobody else's, a label's only its environment's", () => {
    const state = stateOf();
    state.apply([edge("ledger>db"), edge("ledger>vault", { tenant: "t" })]);
    const labels = { service: "ledger", tenant: "t", env: "e", depends_on: "mq, disk ,,ledger" };
    state.observe(labels, 0);
    expect(names(state, "ledger")).toEqual(["db", "disk", "mq", "vault"]);
    expect(names(state, "ledger", "t", "staging")).toEqual(["db", "vault"]);
    expect(names(state, "ledger", "u")).toEqual(["db"]);
  });

  test("labels of alerts without a service, or that are not configured, say nothing", () => {
    const state = stateOf();
    state.observe({ alertname: "Down", depends_on: "db" }, 0);
    state.observe({ service: "shop", upstream: "db" }, 0);
    state.observe({ service: "shop", depends_on: `${"x".repeat(300)},a\u0000b` }, 0);
    expect([...state.learnt("labels")]).toEqual([]);
  });

  test("sources that are switched off are forgotten", () => {
    const state = stateOf();
    state.apply([edge("a>b"), edge("a>c", { source: "traces" })]);
    state.observe({ service: "a", depends_on: "d" }, 0);
    expect(names(state, "a", "default", "default")).toEqual(["b", "c", "d"]);
    state.configure(configOf({ labels: [], traces: false }));
    expect(names(state, "a", "default", "default")).toEqual(["b"]);
    expect(state.apply([edge("a>c", { source: "traces" })])).toBe(0);
    expect(names(state, "a")).toEqual(["b"]);
  });
});

describe("how long edges are known", () => {
  test("what is not seen again is forgotten, what was stated stays", () => {
    const state = stateOf();
    state.apply([edge("a>b"), edge("a>c", { source: "traces", atMs: 10 * minute })]);
    state.sweep(hour + 10 * minute);
    expect(names(state, "a")).toEqual(["b", "c"]);
    state.apply([edge("a>c", { source: "traces", atMs: 20 * minute })]);
    state.sweep(hour + 11 * minute);
    expect(names(state, "a")).toEqual(["b", "c"]);
    state.sweep(hour + 21 * minute);
    expect(names(state, "a")).toEqual(["b"]);
    state.sweep(1_000 * day);
    expect(names(state, "a")).toEqual(["b"]);
  });

  test("what was taken back stays so, whatever comes late, for a day", () => {
    const state = stateOf();
    state.apply([edge("a>b", { atMs: 5 }), edge("a>b", { atMs: 7, removed: true })]);
    state.apply([edge("a>b", { atMs: 6 })]);
    expect(names(state, "a")).toEqual([]);
    expect([...state.learnt("api")]).toHaveLength(1);
    state.sweep(day + 2 * minute);
    expect([...state.learnt("api")]).toEqual([]);
  });
});

describe("limits", () => {
  test("a tenant has its number of edges of each source, and the others theirs", () => {
    const state = stateOf({ edgesMax: 2 });
    expect(state.apply(["a>b", "a>c", "a>d"].map((text) => edge(text)))).toBe(1);
    expect(state.apply([edge("a>d", { tenant: "t" })])).toBe(0);
    state.observe({ service: "a", depends_on: "x,y,z" }, 0);
    expect(names(state, "a", "default", "default")).toEqual(["b", "c", "x", "y"]);
    expect([state.refused("api"), state.refused("labels"), state.refused("traces")]).toEqual([
      1, 1, 0,
    ]);
    state.apply([edge("a>b", { atMs: 1, removed: true })]);
    expect(state.apply([edge("a>d", { atMs: 2 })])).toBe(0);
    expect(names(state, "a")).toEqual(["c", "d"]);
  });

  test("all tenants together have a limit, too", () => {
    const state = stateOf({ edgesMax: learntMax });
    const many = Array.from({ length: learntMax + 5 }, (_, at) =>
      edge(`s${at % 1_000}>d${at}`, { tenant: `t${at % 3}`, source: "traces" }),
    );
    expect(state.apply(many)).toBe(5);
  });
});

const names5 = ["a", "b", "c", "d", "e"];
const change = fc
  .record({
    source: fc.constantFrom("api" as const, "traces" as const),
    tenant: fc.constantFrom(null, "t"),
    service: fc.constantFrom(...names5),
    dependency: fc.constantFrom(...names5),
    atMs: fc.integer({ min: 0, max: 5 }),
    removed: fc.boolean(),
  })
  .map((some): LearntEdge => ({ ...some, environment: null, by: "" }));

describe("whatever comes in whatever order", () => {
  test("what is remembered is what a new graph would find", () => {
    const steps = fc.array(fc.tuple(change, fc.constantFrom(...names5)), { maxLength: 40 });
    const depths = fc.integer({ min: 1, max: 4 });
    const holds = ([list, depthMax]: [[LearntEdge, string][], number]): void => {
      const state = new GraphState();
      state.configure({ ...configOf(), depthMax });
      for (const [edge, asked] of list) {
        state.of("t", "e").upstreamOf(asked);
        state.of("t", "e").downstreamOf(asked);
        state.of("u", "e").upstreamOf(asked);
        state.apply([edge]);
        const fresh = freshGraph(state, depthMax);
        for (const name of names5) {
          expect(state.of("t", "e").upstreamOf(name)).toEqual(fresh.upstreamOf(name));
          expect(state.of("t", "e").downstreamOf(name)).toEqual(fresh.downstreamOf(name));
        }
      }
    };
    fc.assert(fc.property(fc.tuple(steps, depths), holds), { numRuns: 100 });
  });

  test("partitions that saw the same changes agree; so does what a snapshot brings back", () => {
    const orders = fc
      .array(change, { maxLength: 30 })
      .chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, {
        minLength: list.length,
      })));
    const holds = ([one, other]: [LearntEdge[], LearntEdge[]]): void => {
      const [first, second, third] = [stateOf(), stateOf(), stateOf()];
      first.apply(one);
      for (const each of other) second.apply([each]);
      third.restore(first.snapshot());
      for (const name of names5) {
        const expected = first.of("t", "e").upstreamOf(name);
        expect(second.of("t", "e").upstreamOf(name)).toEqual(expected);
        expect(third.of("t", "e").upstreamOf(name)).toEqual(expected);
      }
      expect(third.snapshot()).toEqual(first.snapshot());
    };
    fc.assert(fc.property(orders, holds), { numRuns: 100 });
  });
});

/** Of all living edges that tenant t meets, and of the configuration. */
function freshGraph(state: GraphState, depthMax: number): ServiceGraph {
  const { dependencies, sources } = configOf();
  const all: Record<string, string[]> = { ...dependencies, ...sources?.files };
  for (const source of ["api", "traces"] as const) {
    for (const { service, dependency, removed } of state.learnt(source)) {
      if (!removed) all[service] = [...(all[service] ?? []), dependency];
    }
  }
  return new ServiceGraph(all, depthMax);
}

test("what changes about a hub is known to all who need it, asked before or not", () => {
  const state = stateOf();
  state.apply(Array.from({ length: 500 }, (_, at) => edge(`user${at}>hub`)));
  const users = ["user7", "user250", "user499"];
  for (const user of users) expect(names(state, user)).toEqual(["hub"]);
  state.apply([edge("hub>db")]);
  for (const user of [...users, "user8"]) expect(names(state, user)).toEqual(["hub", "db"]);
  expect(state.of("t", "e").stepsUp("user7", "db")).toBe(2);
  expect(state.of("t", "e").downstreamOf("db")).toHaveLength(501);
  state.apply([edge("hub>db", { removed: true, atMs: 1 })]);
  for (const user of users) expect(names(state, user)).toEqual(["hub"]);
  expect(state.of("t", "e").stepsUp("user7", "db")).toBe(null);
  expect(state.of("t", "e").downstreamOf("db")).toEqual([]);
});

test("whoever replaces its edges again and again takes no more than its share", () => {
  const state = stateOf({ edgesMax: 2_000 });
  const replace = (round: number): number => {
    const all = Array.from({ length: 2_000 }, (_, at) => edge(`s>d${at}`, { tenant: "t" }));
    const former = all.map((one) => ({ ...one, service: `s${round - 1}` }));
    state.apply(former.map((one) => ({ ...one, removed: true, atMs: round })));
    return state.apply(all.map((one) => ({ ...one, service: `s${round}`, atMs: round })));
  };
  expect([replace(1), replace(2), replace(3)]).toEqual([0, 2_000, 2_000]);
  expect([...state.learnt("api")]).toHaveLength(4_000);
  expect(state.apply([edge("other>d", { tenant: "u" })]), "others have theirs").toBe(0);
  state.sweep(25 * hour);
  expect(replace(4)).toBe(0);
});

test("steps of a neighbourhood that made room for another are not told from memory", () => {
  const edges = new EdgeSet();
  edges.add("a", "b");
  edges.add("z", "y");
  const graph = ServiceGraph.over([edges], 4, 1);
  expect([graph.stepsUp("a", "b"), graph.stepsUp("z", "y")]).toEqual([1, 1]);
  edges.remove("z", "y");
  graph.changed("z", "y");
  edges.remove("a", "b");
  graph.changed("a", "b");
  expect([graph.stepsUp("a", "b"), graph.stepsUp("z", "y")]).toEqual([null, null]);
});
