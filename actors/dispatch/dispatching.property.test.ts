/** What is restored from a snapshot goes on as if nothing had been, whatever came before. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { AlertEvent, Labels } from "../alert/events.ts";
import type { DispatchConfig, RouteConfig } from "./config.ts";
import { Dispatching, type DispatchingSnapshot } from "./dispatching.ts";
import type { DispatchOutput } from "./dispatcher.ts";
import type { Silence } from "./types.ts";

const startMs = Date.parse("2026-03-02T09:00:00Z");
const receivers = ["team", "other"].map((name) => ({
  name,
  integrations: [
    { kind: "webhook", index: 0, sendResolved: true },
    { kind: "slack", index: 0, sendResolved: false },
  ],
}));

function route(more: Partial<RouteConfig>): RouteConfig {
  return {
    ...{ index: 0, receiver: "team", matchers: [], continue: false, groupBy: ["alertname"] },
    ...{ groupWaitMs: 30_000, groupIntervalMs: 60_000, repeatIntervalMs: 300_000 },
    ...{ muteTimeIntervals: [], activeTimeIntervals: [], routes: [] },
    ...more,
  };
}

const config = (root: RouteConfig): DispatchConfig => ({
  route: root,
  inhibitRules: [
    {
      ...{ name: "", equal: ["alertname"] },
      sources: [{ matchers: [{ label: "severity", op: "=", value: "page" }], equal: [] }],
      targetMatchers: [{ label: "severity", op: "=~", value: "info|page" }],
    },
  ],
  ...{ timeIntervals: {}, zones: {}, receivers },
});
const page = { label: "severity", op: "=", value: "page" } as const;
const other = route({ index: 1, receiver: "other", continue: true });
const paged = route({ index: 1, matchers: [page], groupBy: [] });
const configs: (DispatchConfig | null)[] = [
  config(route({})),
  config(route({ groupBy: null, routes: [other] })),
  config(route({ routes: [paged, route({ index: 2 })] })),
  null,
];

type Op =
  | { kind: "fire"; key: number; name: number; severity: number }
  | { kind: "refresh" | "resolve" | "takeOver"; key: number }
  | { kind: "silence"; id: number; name: number; forS: number }
  | { kind: "giveUp"; back: number }
  | { kind: "configure"; which: number }
  | { kind: "advance"; seconds: number };

const small = fc.nat({ max: 2 });
const often = (arbitrary: fc.Arbitrary<Op>) => ({ weight: 4, arbitrary });
const key = fc.nat({ max: 3 });
const is = <Kind extends Op["kind"]>(...kinds: Kind[]) => fc.constantFrom(...kinds);
const op: fc.Arbitrary<Op> = fc.oneof(
  often(fc.record({ kind: is("fire"), key, name: small, severity: small })),
  often(fc.record({ kind: is("refresh", "resolve"), key })),
  fc.record({ kind: is("takeOver"), key }),
  fc.record({ kind: is("silence"), id: small, name: small, forS: fc.nat(200) }),
  fc.record({ kind: is("giveUp"), back: small }),
  fc.record({ kind: is("configure"), which: fc.nat({ max: 3 }) }),
  often(fc.record({ kind: is("advance"), seconds: fc.nat(100) })),
);

class World {
  dispatching = new Dispatching(3);
  nowMs = startMs;
  outputs: DispatchOutput[] = [];
  readonly #firing = new Map<number, Labels>();

  constructor() {
    this.dispatching.configure(configs[0]!, this.nowMs, this.#emit);
  }

  /** As a crash and a recovery do. */
  restart(): void {
    const snapshot = JSON.parse(JSON.stringify(this.dispatching.snapshot()));
    this.dispatching = Dispatching.from(snapshot as DispatchingSnapshot, 3, this.nowMs);
  }

  do(each: Op): void {
    const { dispatching, nowMs } = this;
    switch (each.kind) {
      case "fire": {
        const severity = ["page", "info", ""][each.severity]!;
        const labels = { alertname: `a${each.name}`, severity };
        const kind = this.#firing.has(each.key) ? "changed" : "opened";
        this.#firing.set(each.key, labels);
        this.#apply({ ...this.#times(each.key), kind, body: this.#body(labels) });
        break;
      }
      case "refresh":
        this.#apply({ ...this.#times(each.key), kind: "refreshed", fromMs: nowMs });
        break;
      case "resolve": {
        if (!this.#firing.delete(each.key)) break;
        const ended = { endedAtMs: nowMs, by: "sender", total: 2 } as const;
        this.#apply({ ...this.#times(each.key), kind: "resolved", ...ended });
        break;
      }
      case "takeOver": {
        const labels = this.#firing.get(each.key);
        if (labels === undefined) break;
        const { fingerprint, ...times } = this.#times(each.key);
        const alert = { fingerprint, body: this.#body(labels), ...times };
        dispatching.takeOver([alert], nowMs, this.#emit);
        break;
      }
      case "silence":
        dispatching.applySilence(silence(each, nowMs), "", nowMs, this.#emit);
        break;
      case "giveUp":
        this.#giveUp(each.back);
        break;
      case "configure":
        dispatching.configure(configs[each.which] ?? null, nowMs, this.#emit);
        break;
      case "advance":
        this.#advance(nowMs + each.seconds * 1_000);
    }
  }

  #advance(toMs: number): void {
    for (let wakes = 0; ; wakes += 1) {
      if (wakes > 1_000) throw new Error("a group is looked at without end");
      const timers = this.dispatching.timers().filter(({ fireAtMs }) => fireAtMs < toMs);
      timers.sort((a, b) => a.fireAtMs - b.fireAtMs || (a.id < b.id ? -1 : 1));
      const [next] = timers;
      if (next === undefined) break;
      this.nowMs = Math.max(this.nowMs, next.fireAtMs);
      this.dispatching.wake(next.id, this.nowMs, this.#emit);
    }
    this.nowMs = toMs;
  }

  #giveUp(back: number): void {
    const told = this.outputs.flatMap((one) =>
      one.kind === "notifyGroup" ? [one.notification] : [],
    );
    const last = told.at(-1 - back);
    if (last === undefined) return;
    const { id: notificationId, receiver, integration, groupKey } = last;
    const about = { notificationId, receiver, integration, groupKey, attempt: 1, detail: "" };
    this.dispatching.applyDelivery({ ...about, outcome: "gaveUp" }, this.nowMs, this.#emit);
  }

  #apply(event: AlertEvent): void {
    this.dispatching.applyAlert(event, this.nowMs, this.#emit);
  }

  #times(key: number) {
    const { nowMs } = this;
    const span = { startsAtMs: nowMs, endsAtMs: nowMs + 3_600_000 };
    return { fingerprint: `f${key}`, received: 1 as const, atMs: nowMs, ...span };
  }

  #body(labels: Labels) {
    return { labels, annotations: {}, generatorURL: "", dedupKey: "own" };
  }

  #emit = (output: DispatchOutput): void => void this.outputs.push(output);
}

function silence({ id, name, forS }: Extract<Op, { kind: "silence" }>, nowMs: number): Silence {
  return {
    id: `s${id}`,
    matchers: [{ label: "alertname", op: "=", value: `a${name}` }],
    ...{ startsAtMs: nowMs, endsAtMs: nowMs + forS * 1_000, updatedAtMs: nowMs },
    ...{ createdBy: "", comment: "", annotations: {}, recurrence: null },
  };
}

test("restored at any moments it puts out the same, and waits for the same", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(op, fc.boolean()), { maxLength: 60 }), (steps) => {
      const [plain, restarted] = [new World(), new World()];
      for (const [each, isRestarted] of steps) {
        plain.do(each);
        if (isRestarted) restarted.restart();
        restarted.do(each);
        expect(restarted.outputs).toEqual(plain.outputs);
      }
      expect(restarted.dispatching.snapshot()).toEqual(plain.dispatching.snapshot());
      // In the end nothing fires: nothing is left over, and nothing waits any more.
      for (let key = 0; key < 4; key += 1) plain.do({ kind: "resolve", key });
      plain.do({ kind: "advance", seconds: 1_000 });
      expect(plain.dispatching.timers()).toEqual([]);
      expect(plain.dispatching.dispatcher?.alerts.size ?? 0).toBe(0);
    }),
    { numRuns: 300 },
  );
});
