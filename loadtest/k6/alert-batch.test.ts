import { expect, test } from "vitest";
import { AlertBatches } from "./alert-batch.ts";
import type { Mix } from "./alert-batch.ts";

type Alert = { labels: Record<string, string>; endsAt: string; startsAt: string };

const nowMs = Date.UTC(2026, 0, 1, 12);
const mix: Mix = {
  ...{ run: "r1", phase: "steady", seed: 1, batch: 64, repeats: 0.95, population: 256 },
  ...{ resolveAfter: 0, startsAtMs: nowMs - 60_000 },
};

const parsed = (body: string): Alert[] => JSON.parse(body) as Alert[];
const identity = ({ labels }: Alert): string => JSON.stringify(labels);

test("an alert looks like one of Prometheus: 8 labels, its field order, about 500 bytes", () => {
  const { body } = new AlertBatches(mix).request(0, nowMs);
  expect(body.length / 64).toBeGreaterThan(450);
  expect(body.length / 64).toBeLessThan(620);
  const [first] = parsed(body);
  const fields = ["annotations", "endsAt", "startsAt", "generatorURL", "labels"];
  expect(Object.keys(first ?? {})).toEqual(fields);
  expect(Object.keys(first?.labels ?? {})).toHaveLength(8);
});

test("the share of new alerts is exact over many requests, and all others are known", () => {
  const batches = new AlertBatches(mix);
  const known = new Set<string>();
  for (let n = 0; batches.fill(n, nowMs).alerts > 0; n++) {
    for (const alert of parsed(batches.fill(n, nowMs).body)) known.add(identity(alert));
  }
  expect(known.size).toBe(256);
  const seen = new Set<string>();
  let fresh = 0;
  for (let n = 0; n < 100; n++) {
    const batch = batches.request(n, nowMs);
    expect(batch.alerts).toBe(64);
    fresh += batch.fresh;
    const unknown = parsed(batch.body).map(identity).filter((each) => !known.has(each));
    expect(unknown).toHaveLength(batch.fresh);
    for (const each of unknown) seen.add(each);
  }
  expect([fresh, seen.size]).toEqual([320, 320]);
});

test("with resolving, each new alert is over so many requests later", () => {
  const batches = new AlertBatches({ ...mix, repeats: 0.75, resolveAfter: 3 });
  const opened = parsed(batches.request(0, nowMs).body).slice(0, 8).map(identity);
  const later = parsed(batches.request(3, nowMs + 5_000).body);
  const over = later.filter(({ endsAt }) => Date.parse(endsAt) <= nowMs + 5_000);
  expect(over.map(identity)).toEqual(opened);
  expect(later).toHaveLength(64);
});

test("phases and runs share no new alert", () => {
  const first = (change: Partial<Mix>): string =>
    identity(parsed(new AlertBatches({ ...mix, ...change }).request(0, nowMs).body)[0]!);
  expect(new Set([first({}), first({ phase: "peak" }), first({ run: "r2" })]).size).toBe(3);
});

test("an alert has the same labels wherever it is sent, and no other alert has them", () => {
  const batches = new AlertBatches({ ...mix, batch: 1000, population: 3000, repeats: 0 });
  const known = [0, 1, 2].flatMap((n) => parsed(batches.fill(n, nowMs).body)).map(identity);
  expect(new Set(known).size).toBe(3000);
  const other = new AlertBatches({ ...mix, batch: 7, population: 3000, repeats: 1 });
  const again = Array.from({ length: 900 }, (_, n) => other.request(n, nowMs + n).body);
  const alerts = again.flatMap(parsed);
  expect(alerts.slice(0, 3000).map(identity)).toEqual(known);
  expect(new Set(alerts.map(identity)).size).toBe(3000);
  // Each request has a time of its own.
  expect(new Set(alerts.map(({ endsAt }) => endsAt)).size).toBe(900);
});

test.each([1, 3, 50])("%i virtual users repeat the whole population between them", (users) => {
  const seen = new Set<string>();
  for (let user = 1; user <= users; user++) {
    const batches = new AlertBatches({ ...mix, repeats: 1 }, { user, users });
    for (let n = 0; n < 4; n++) {
      for (const alert of parsed(batches.request(n, nowMs).body)) seen.add(identity(alert));
    }
  }
  expect(seen.size).toBe(256);
});
