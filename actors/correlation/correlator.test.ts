import { describe, expect, test, vi } from "vitest";
import {
  correlator,
  dependencies,
  incident,
  incidentAt,
  type Labels,
  minute,
  sighting,
  signOf,
} from "../../testing/correlation-world.ts";
import { Blame } from "./blame.ts";
import type { CorrelationConfig } from "./correlator.ts";
import type { Candidate, Sign } from "./evidence.ts";
import { History } from "./history.ts";

function find(
  open: Candidate[],
  labels: Labels,
  more: Partial<CorrelationConfig> = {},
  at = minute,
) {
  const found = correlator(more);
  for (const one of open) found.add(one);
  return found.find(sighting(labels, at), () => true);
}

const noGraph = { topology: null };
const all = { accepts: () => true, most: 20 };

describe("what alerts share", () => {
  const checkout = incident(1, { service: "checkout", region: "eu" });

  test("a service or a model within the window relates, and says so", () => {
    expect(find([checkout], { service: "checkout" }, noGraph)).toMatchObject({
      candidate: { id: "inc-0-1" },
      because: 'same service "checkout" within 5 min of inc-0-1',
    });
    const model = incident(2, { service: "a", model_id: "m" });
    expect(find([model], { service: "b", model_id: "m" }, noGraph)).toMatchObject({
      because: 'same model_id "m" within 5 min of inc-0-2',
    });
    expect(find([checkout], { service: "search" }, noGraph)).toBeNull();
    expect(find([checkout], { service: "x", model_id: "checkout" }, noGraph)).toBeNull();
  });

  test("the window's end belongs to it; a millisecond later does not", () => {
    expect(find([checkout], { service: "checkout" }, noGraph, 5 * minute)).not.toBeNull();
    expect(find([checkout], { service: "checkout" }, noGraph, 5 * minute + 1)).toBeNull();
  });

  test("labels that differ speak against it, as their weight says", () => {
    const other = { service: "checkout", region: "us" };
    expect(find([checkout], other, noGraph)).toBeNull();
    const lenient = { ...noGraph, weights: { agreement: 0 } };
    expect(find([checkout], other, lenient)?.score).toBeCloseTo(1.24);
    expect(find([checkout], { ...other, region: "eu" }, noGraph)?.evidence).toMatchObject([
      { kind: "service", weight: 1.3 },
      { kind: "time", weight: expect.closeTo(-0.06) as number },
      { kind: "agreement", weight: 0.2, because: 'same region "eu"' },
    ]);
  });

  test("alerts that name no service, and other tenants, are not related by that", () => {
    expect(find([incident(1, {})], {}, noGraph)).toBeNull();
    const found = correlator(noGraph);
    found.add(checkout);
    const other = sighting({ service: "checkout" }, minute, "other");
    expect(found.find(other, () => true)).toBeNull();
  });

  test("the service of an alert that joined relates less than that of the first", () => {
    const joined = incident(1, { service: "a", model_id: "m" }, { service: "b", model_id: "m" });
    expect(find([joined], { service: "b" }, noGraph)?.score).toBeCloseTo(1.2 - 0.06);
    expect(find([joined], { service: "a" }, noGraph)?.score).toBeCloseTo(1.3 - 0.06);
    expect(find([joined], { service: "b" }, noGraph, 5 * minute)).toBeNull();
  });

  test("of equals the oldest; one that is full is passed over", () => {
    const [second, third] = [2, 3].map((serial) => incident(serial, { service: "checkout" }));
    const found = correlator(noGraph);
    for (const one of [third, second]) if (one !== undefined) found.add(one);
    const alert = sighting({ service: "checkout" });
    expect(found.find(alert, () => true)?.candidate).toBe(second);
    expect(found.find(alert, (one) => one !== second)?.candidate).toBe(third);
    expect(correlator({ enabled: false }).find(alert, () => true)).toBeNull();
  });
});

describe("the service graph", () => {
  test("a symptom joins its cause, and says on which way", () => {
    const db = incident(2, { service: "db" });
    expect(find([db], { service: "gateway", severity: "critical" })).toMatchObject({
      candidate: db,
      because:
        '"gateway" depends on "db" through "checkout", ' +
        "where an alert of inc-0-2 began 1 min before",
    });
    expect(find([db], { service: "gateway" }, {}, 3 * minute)).not.toBeNull();
    // The longer ago, the less: at the window's end that alone takes it away.
    expect(find([db], { service: "gateway" }, {}, 10 * minute)).toBeNull();
    const timeless = { weights: { time: 0 } };
    expect(find([db], { service: "gateway" }, timeless, 10 * minute)).not.toBeNull();
    expect(find([db], { service: "gateway" }, timeless, 10 * minute + 1)).toBeNull();
    expect(find([db], { service: "billing" })).toBeNull();
  });

  test("a cause that shows later joins the oldest of its symptoms", () => {
    const open = [incident(4, { service: "checkout" }), incident(3, { service: "search" })];
    expect(find(open, { service: "db" })).toMatchObject({
      candidate: { id: "inc-0-3" },
      because: '"search" depends on "db": the cause showed after its symptoms',
    });
  });

  test("of two causes the one whose region agrees, then the one that reaches less", () => {
    const disk = incident(1, { service: "disk", region: "us" });
    const cache = incident(2, { service: "cache", region: "eu" });
    const alert = { service: "checkout", severity: "critical" };
    expect(find([disk, cache], { ...alert, region: "us" })?.candidate).toBe(disk);
    expect(find([disk, cache], { ...alert, region: "eu" })?.candidate).toBe(cache);
    expect(find([disk, cache], alert)?.candidate).toBe(cache);
    expect(find([disk], { ...alert, region: "eu" })).toBeNull();
  });

  test("a host that is lost explains less of what depends on its service", () => {
    const score = (alertname: string): number => {
      const open = [incident(1, { service: "db", alertname })];
      return find(open, { service: "checkout", alertname: "ErrorsHigh" })?.score ?? 0;
    };
    expect(score("HostUnreachable")).toBeGreaterThan(1);
    expect(score("QueueFull") - score("HostUnreachable")).toBeCloseTo(0.5);
  });

  test("two that depend on the same third are related, if few of many depend on it", () => {
    const search = [incident(1, { service: "search" })];
    expect(find(search, { service: "checkout" })).toBeNull();
    const larger: Record<string, string[]> = { ...dependencies };
    for (let n = 0; n < 90; n += 1) larger[`s${n}`] = ["network"];
    const topology = { dependencies: larger, windowMs: 10 * minute, depthMax: 4 };
    expect(find(search, { service: "checkout" }, { topology })).toMatchObject({
      because: '"checkout" and "search" depend on "db"',
    });
    const s1 = [incident(1, { service: "s1" })];
    expect(find(s1, { service: "s2" }, { topology })).toBeNull();
  });

  test("small alerts explain nothing, and nothing explains them", () => {
    const open = (severity: string) => [incident(1, { service: "db", severity })];
    expect(find(open("low"), { service: "checkout" })).toBeNull();
    expect(find(open("critical"), { service: "checkout", severity: "info" })).toBeNull();
    expect(find(open("medium"), { service: "checkout", severity: "critical" })).toBeNull();
    expect(find(open("medium"), { service: "checkout", severity: "medium" })).not.toBeNull();
    expect(find(open("medium"), { service: "db", severity: "critical" })).not.toBeNull();
    expect(find(open("low"), { service: "db", severity: "critical" })).toBeNull();
  });

  test("a relation on the graph that is left out takes no other one along", () => {
    const db = incident(1, { service: "db" });
    for (const weights of [{}, { topology: 0 }]) {
      const found = correlator({ weights });
      found.add(db);
      const keyed = { ...sighting({ service: "checkout" }), grouped: db };
      expect(found.find(keyed, () => true)?.candidate).toBe(db);
    }
  });

  test("what happens of itself is nobody's symptom", () => {
    const db = incident(1, { service: "db", alertname: "QueryLatencyHigh" });
    expect(find([db], { service: "checkout", alertname: "ErrorsHigh" })).not.toBeNull();
    expect(find([db], { service: "checkout", alertname: "CertificateExpired" })).toBeNull();
    const failing = incident(2, { service: "checkout", alertname: "ErrorsHigh" });
    expect(find([failing], { service: "checkout", alertname: "RolloutFailed" })).not.toBeNull();
    // It is at a service that suffers, and explains nothing of where the trouble is.
    const suffering = incident(4, { service: "db" }, { service: "checkout" });
    expect(find([suffering], { service: "checkout", alertname: "CertificateExpired" })).toBeNull();
    const rollout = incident(3, { service: "checkout", alertname: "RolloutFailed" });
    expect(find([rollout], { service: "checkout", alertname: "CertificateExpired" })).toBeNull();
    // What a model costs is nothing that brings down what uses it.
    expect(find([failing], { service: "checkout", alertname: "TokenSpendAnomaly" })).toBeNull();
  });

  test("a model's quality spreads with the model, not along the graph", () => {
    const dropped = { service: "db", alertname: "ModelAccuracyDropped", model_id: "m" };
    const quality = incident(1, dropped);
    const answers = { service: "checkout", alertname: "HallucinationRateHigh" };
    expect(find([quality], answers)).toBeNull();
    expect(find([quality], { ...answers, model_id: "m" })).not.toBeNull();
  });

  test("a model that two services share is what the words say, not a call between them", () => {
    const found = correlator({ agree: ["model_id"] });
    const of = (service: string, alertname: string) => ({ service, alertname, model_id: "m" });
    const modelled = (labels: Labels): Sign => ({ ...signOf(labels), agree: ["m"] });
    const dropped = of("db", "ModelAccuracyDropped");
    found.add({ ...incident(1, dropped), signs: [modelled(dropped)] });
    const answers = of("warehouse", "HallucinationRateHigh");
    const asked = { ...sighting(answers), sign: modelled(answers) };
    expect(found.find(asked, () => true)?.because).toMatch(
      '"warehouse" uses the same model as "db", where an alert of inc-0-1 began 1 min before',
    );
  });
});

describe("history", () => {
  const day = 24 * 60 * minute;

  function learnt(): History {
    const history = new History(5 * minute);
    for (let n = 0; n < 6; n += 1) {
      const of = { tenant: "t", environment: "e" };
      history.learn({ ...of, service: "mail", alertname: "QueueFull" }, n * day);
      history.learn({ ...of, service: "shop", alertname: "SlowOrders" }, n * day + minute);
    }
    return history;
  }

  test("what began together before belongs together, though nothing else says so", () => {
    const mail = { service: "mail", alertname: "QueueFull" };
    const open = incidentAt(9.5 * day, 1, mail);
    const found = correlator(noGraph, learnt());
    found.add(open);
    const slow = { service: "shop", alertname: "SlowOrders" };
    expect(found.find(sighting(slow, 9.5 * day + minute), () => true)).toMatchObject({
      candidate: open,
      because:
        'it began together with "QueueFull" of "mail", which inc-0-1 has, about 4 times lately',
    });
    found.unlearn(open, incident(2, slow));
    expect(found.find(sighting(slow, 9.5 * day + minute), () => true)).toBeNull();
  });

  test("what comes like a clock is a weaker sign", () => {
    const found = correlator(noGraph, learnt());
    found.add(incidentAt(6 * day, 1, { service: "mail", alertname: "Other" }));
    const due = sighting({ service: "mail", alertname: "QueueFull" }, 6 * day);
    expect(found.find(due, () => true)).toBeNull();
    const odd = sighting({ service: "mail", alertname: "Unusual" }, 6 * day);
    expect(found.find(odd, () => true)).not.toBeNull();
  });
});

describe("bounds", () => {
  test("the index answers the same however it was built up", () => {
    const open = [1, 2, 3, 4].map((serial) => incident(serial, { service: "checkout" }));
    const [grown, rebuilt] = [correlator(), correlator()];
    for (const one of [...open].reverse()) grown.add(one);
    for (const one of open) grown.add(one);
    grown.remove(open[0] as Candidate);
    grown.remove(open[0] as Candidate);
    for (const one of open.slice(1)) rebuilt.add(one);
    const alert = sighting({ service: "gateway" });
    expect(grown.find(alert, () => true)).toEqual(rebuilt.find(alert, () => true));
    expect(grown.find(alert, () => true)?.candidate).toBe(open[1]);
  });

  test("what fell out of the window is looked at once, not at every search", () => {
    const found = correlator(noGraph);
    let looks = 0;
    for (let serial = 1; serial <= 5_000; serial += 1) {
      const one = incidentAt(serial, serial, { service: "checkout" });
      Object.defineProperty(one, "lastOpenedMs", { get: () => ((looks += 1), serial) });
      found.add(one);
    }
    const late = sighting({ service: "checkout" }, 5 * minute + 5_000);
    for (let times = 0; times < 100; times += 1) {
      expect(found.find(late, () => true)?.candidate.serial).toBe(5_000);
    }
    expect(looks).toBeLessThan(5_000 + 1_000);
  });

  test("an incident that left for its age is met again when an alert joins it", () => {
    const found = correlator(noGraph);
    const one = incident(1, { service: "checkout" });
    found.add(one);
    const late = sighting({ service: "checkout" }, 20 * minute);
    expect(found.find(late, () => true)).toBeNull();
    one.signs = [{ ...(one.signs[0] as Sign), atMs: 20 * minute }];
    one.lastOpenedMs = 20 * minute;
    expect(found.find(late, () => true)).toBeNull();
    found.renew(one, 0);
    expect(found.find(late, () => true)?.candidate).toBe(one);
  });

  test("what is near is asked once who suffers, however many incidents there are", () => {
    const asks = (count: number): number => {
      const users = Array.from({ length: count }, (_, n) => `user-${n}`);
      const onHub = Object.fromEntries(users.map((one) => [one, ["hub"]]));
      const of = { dependencies: onHub, windowMs: 10 * minute, depthMax: 4 };
      const found = correlator({ topology: of });
      const hub = incident(1, { service: "hub", alertname: "PacketLoss" });
      for (const [at, service] of users.entries()) {
        // Each founds an incident, and all of the others speak against that it is a part.
        found.add(incident(at + 2, { service, alertname: "HostUnreachable", region: `r${at}` }));
      }
      found.add(hub);
      let explained = 0;
      const counted = vi.spyOn(Blame.prototype, "explains").mockImplementation(function (
        this: Blame,
        root,
        sign,
      ) {
        explained += 1;
        return this.gain(root, sign) !== null;
      });
      expect(found.explainedBy(hub, sighting({ service: "hub" }), null, all)).toEqual([]);
      counted.mockRestore();
      return explained;
    };
    expect(asks(400)).toBeLessThan(5 * asks(100));
  });

  test("one that knew nothing of its alerts leaves as any other once it learnt of one", () => {
    const found = correlator(noGraph);
    const one = { ...incident(1), labels: { model_id: "m" } };
    found.add(one);
    one.signs = [signOf({ service: "search" })];
    found.addService(one, "search");
    found.remove(one);
    const accepted: Candidate[] = [];
    for (const service of ["", "search"]) {
      found.find(sighting({ service, model_id: "m" }), (each) => accepted.push(each) > 0);
    }
    expect(accepted).toEqual([]);
  });

  test("an incident is found by the service of a sign that came later", () => {
    const found = correlator(noGraph);
    const one = incident(1, { service: "checkout" });
    found.add(one);
    one.signs = [...one.signs, signOf({ service: "search" })];
    found.addService(one, "search");
    expect(found.find(sighting({ service: "search" }), () => true)?.candidate).toBe(one);
    found.remove(one);
    expect(found.find(sighting({ service: "search" }), () => true)).toBeNull();
  });
});
