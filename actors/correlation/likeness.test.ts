import { describe, expect, test } from "vitest";
import { codec } from "../../streams/codec.ts";
import { categoryOf } from "../similarity/metric-category.ts";
import type { Candidate, Sighting } from "./evidence.ts";
import { incidentsMax } from "./like-incidents.ts";
import { Likeness, likenessMax, similarityDefaults } from "./likeness.ts";

const minute = 60_000;
const windows = { longestMs: 5 * minute, shortMs: 5 * minute };

function likeness(config = similarityDefaults): Likeness<Candidate> {
  const made = new Likeness<Candidate>();
  made.configure(config, windows);
  return made;
}

type Traits = { service?: string; tenant?: string; name?: string; severity?: "high" | "low" };

function incident(serial: number, summary: string, atMs = 0, traits: Traits = {}): Candidate {
  const { service = `s${serial}`, tenant = "t", name = "Oddity", severity = "high" } = traits;
  const labels = { alertname: name, service, model: "m" };
  const annotations = { summary };
  const kind = categoryOf({ alertname: name, labels, summary });
  const at = { fingerprint: "f", atMs };
  const sign = { ...kind, service, alertname: name, severity, agree: [], ...at };
  const of = { tenant, environment: "e", labels, annotations, severity, root: null };
  return { id: `inc-0-${serial}`, serial, ...of, signs: [sign], lastOpenedMs: atMs };
}

/** The same words from another service. */
function asking(summary: string, atMs = 0, traits: Traits = {}): Sighting {
  const { signs, ...of } = incident(0, summary, atMs, { service: "other", ...traits });
  return { ...of, sign: signs[0]!, atMs, grouped: null };
}

function found(by: Likeness<Candidate>, sighting: Sighting): string[] {
  const search = by.search(sighting);
  search?.addTexts();
  return Array.from(search?.likes ?? [], ([{ id }, alike]) => {
    return `${id}: ${alike.map(({ kind, similarity }) => `${kind} ${similarity.toFixed(2)}`)}`;
  });
}

const lost = "the relay has lost 20 letters";

describe("who is found", () => {
  test("what says the same, in the same tenant's environment only", () => {
    const known = likeness();
    known.add(incident(1, lost), 0);
    known.add(incident(2, "the relay has lost 7,000 letters", 0, { tenant: "u" }), 0);
    known.add(incident(3, "the press is out of paper"), 0);
    expect(found(known, asking(lost))).toEqual(["inc-0-1: message 1.00,text 1.00"]);
    expect(found(known, asking(lost, 0, { tenant: "v" }))).toEqual([]);
  });

  test("nothing by small alerts, and none of their incidents", () => {
    const known = likeness();
    known.add(incident(1, lost, 0, { severity: "low" }), 0);
    expect(known.size).toBe(0);
    known.add(incident(2, lost), 0);
    expect(known.search(asking(lost, 0, { severity: "low" }))).toBeNull();
  });

  test("no incident that ended, and none that says something else now", () => {
    const known = likeness();
    const [one, two] = [incident(1, lost), incident(2, lost)];
    for (const each of [one, two]) known.add(each, 0);
    known.remove(one);
    known.add({ ...two, annotations: { summary: "the press is out of paper" } }, 0);
    expect(found(known, asking(lost))).toEqual([]);
    known.remove(two);
    expect(known.size).toBe(0);
  });

  test("as settings say, from the moment that they change", () => {
    const known = likeness();
    known.add(incident(1, "the relay has lost 20 letters today"), 0);
    const near = asking("the relay has lost 20 letters");
    expect(found(known, near)[0]).toMatch(/message 0\.8\d/);
    known.configure({ ...similarityDefaults, messages: { least: 0.95 } }, windows);
    expect(found(known, near)[0] ?? "").not.toContain("message");
    known.configure({ ...similarityDefaults, enabled: false }, windows);
    expect(known.size).toBe(0);
    known.add(incident(1, lost), 0);
    expect(known.search(asking(lost))).toBeNull();
  });
});

describe("bounds", () => {
  test("the incidents of one environment: the newest are kept", () => {
    const known = likeness();
    for (let serial = 1; serial <= incidentsMax + 5; serial += 1) {
      known.add(incident(serial, serial <= 5 ? lost : "the press is out of paper"), 0);
    }
    expect(known.size).toBe(incidentsMax);
    expect(found(known, asking(lost))).toEqual([]);
  });

  test("those of all environments: the one asked longest ago makes room", () => {
    const known = likeness();
    const each = likenessMax / 8;
    for (let n = 0; n < 8 * each; n += 1) {
      known.add(incident(n, lost, 0, { tenant: `t${n % 8}` }), 0);
    }
    expect(known.size).toBe(likenessMax);
    known.search(asking(lost, 0, { tenant: "t0" }));
    known.add(incident(8 * each, lost, 0, { tenant: "new" }), 0);
    expect(known.size).toBe(likenessMax - each + 1);
    expect(known.search(asking(lost, 0, { tenant: "t0" }))).not.toBeNull();
    expect(known.search(asking(lost, 0, { tenant: "t1" }))).toBeNull();
  });

  test("in time: who is left alone leaves, and returns with its next alert", () => {
    const known = likeness();
    const one = incident(1, lost);
    known.add(one, 0);
    const later = similarityDefaults.llm.windowMs + 1;
    expect(found(known, asking(lost, later))).toEqual([]);
    expect(known.size).toBe(0);
    one.lastOpenedMs = later;
    known.touch(one, later);
    expect(found(known, asking(lost, later))).toHaveLength(1);
  });
});

test("a snapshot in between changes nothing", () => {
  const texts = [lost, "letters were lost by the relay", "p95 of the shop is 3 s", ""];
  const all = Array.from({ length: 200 }, (_, n) => {
    const traits = { name: n % 3 === 0 ? "LatencyHigh" : "Oddity", service: `shop-${n}` };
    return incident(n + 1, texts[n % texts.length]!, n * 1_000, traits);
  });
  const byId = new Map(all.map((one) => [one.id, one]));
  const whole = likeness();
  let other = likeness();
  for (const [n, one] of all.entries()) {
    if (n % 40 === 20) {
      const snapshot = codec.decode(codec.encode(other.snapshot()));
      other = likeness();
      other.restore(snapshot as ReturnType<typeof other.snapshot>, (id) => byId.get(id));
    }
    for (const known of [whole, other]) known.add(one, one.lastOpenedMs);
    const next = asking(texts[(n * 7) % texts.length]!, one.lastOpenedMs, { name: "LatencyHigh" });
    if (n % 5 === 0) expect(found(other, next)).toEqual(found(whole, next));
    if (n % 11 === 0) for (const known of [whole, other]) known.remove(all[n >> 1]!);
  }
  expect(other.snapshot()).toEqual(whole.snapshot());
  expect(other.size).toBe(whole.size);
  expect(found(whole, asking(lost, 200_000)).length).toBeGreaterThan(3);
});
