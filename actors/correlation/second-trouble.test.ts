import { describe, expect, test } from "vitest";
import { categoryOf } from "../similarity/metric-category.ts";
import { Blame } from "./blame.ts";
import type { Candidate, Sign } from "./evidence.ts";
import { ServiceGraph } from "./graph.ts";
import { maySpread, sufferersOf } from "./second-trouble.ts";

const near = ["n1", "n2", "n3", "n4", "n5", "n6"];
const far = ["f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9"];
const graph = new ServiceGraph(
  {
    hub: ["disk"],
    ...Object.fromEntries(near.map((one) => [one, ["hub"]])),
    ...Object.fromEntries(far.map((one) => [one, ["disk"]])),
  },
  4,
);
const blame = new Blame(graph, ["region"]);
const second = 1_000;

let made = 0;
function signOf(service: string, alertname = "ErrorsHigh", atMs = 0, region = ""): Sign {
  made += 1;
  const category = categoryOf({ alertname, labels: {}, summary: "" });
  const of = { agree: [region], fingerprint: String(made), atMs };
  return { service, alertname, ...category, ...of, severity: "high" };
}

function incident(...signs: Sign[]): Candidate {
  const of = { tenant: "t", environment: "e", labels: {}, annotations: {}, root: null };
  made += 1;
  const id = `inc-0-${made}`;
  return { id, serial: made, ...of, severity: "high", signs, lastOpenedMs: 0 };
}

/** What is asked when the disk's alert comes, while these and no others are open. */
function asked(other: Candidate, ...others: Candidate[]): boolean {
  const root = { service: "disk", sign: signOf("disk", "DiskFull", 60 * second) };
  const sufferers = sufferersOf(blame, root, [other, ...others], 300 * second);
  return maySpread(blame, other, root, sufferers);
}

const atHub = (count: number, alertname = "QueueFull"): Candidate =>
  incident(signOf("hub", alertname), ...near.slice(0, count).map((one) => signOf(one)));

describe("trouble further up shows in all of its cone", () => {
  test("few symptoms below one service may be chance, many are not", () => {
    expect(asked(atHub(1))).toBe(true);
    expect(asked(atHub(2))).toBe(true);
    expect(asked(atHub(4))).toBe(false);
  });

  test("others that suffered elsewhere at the time make it likely again", () => {
    const crowd = atHub(6);
    expect(asked(crowd, incident(...far.map((one) => signOf(one))))).toBe(true);
    const later = far.map((one) => signOf(one, "ErrorsHigh", 61 * second));
    expect(asked(crowd, incident(...later))).toBe(false);
    const old = far.map((one) => signOf(one, "ErrorsHigh", -241 * second));
    expect(asked(crowd, incident(...old))).toBe(false);
  });

  test("what founds an incident takes a neighbour that suffered, and more for each symptom", () => {
    expect(asked(atHub(0, "HostUnreachable"))).toBe(false);
    expect(asked(atHub(0, "HostUnreachable"), incident(signOf("f1")))).toBe(true);
    expect(asked(atHub(6, "HostUnreachable"), incident(signOf("f1")))).toBe(false);
    const other = incident(signOf("hub", "HostUnreachable", 0, "eu"));
    expect(asked(other, incident(signOf("f1", "ErrorsHigh", 0, "us")))).toBe(false);
  });

  test("what founds an incident counts although a symptom of it came first", () => {
    const unwell = signOf("hub", "LatencyHigh", 0, "eu");
    const host = signOf("hub", "HostUnreachable", 1 * second, "eu");
    expect(asked(incident(unwell), incident(signOf("f1", "ErrorsHigh", 0, "us")))).toBe(true);
    expect(asked(incident(unwell, host))).toBe(false);
  });

  test("only who suffered at about the same time speaks for wider trouble", () => {
    const host = (): Candidate => incident(signOf("hub", "HostUnreachable", -120 * second));
    expect(asked(host(), incident(signOf("f1", "ErrorsHigh", -40 * second)))).toBe(true);
    expect(asked(host(), incident(signOf("f1", "ErrorsHigh", -20 * second)))).toBe(false);
    expect(asked(host(), incident(signOf("f1", "ErrorsHigh", -220 * second)))).toBe(false);
  });

  test("a flood whose cone is hardly wider than the host's does not explain it alone", () => {
    const root = { service: "f1", sign: signOf("f1", "TrafficSurge", 60 * second) };
    const host = incident(signOf("disk", "HostUnreachable", -second));
    const own = { service: "disk", sign: host.signs[0] ?? null };
    expect(blame.share(own, root)).toBeGreaterThan(0.9);
    const sufferers = sufferersOf(blame, root, [host], 300 * second);
    expect(sufferers).toHaveLength(1);
    expect(maySpread(blame, host, root, sufferers)).toBe(false);
    // Within the minute before it may have been the flood's first sign.
    const first = incident(signOf("disk", "HostUnreachable"));
    expect(maySpread(blame, first, root, first.signs)).toBe(true);
  });

  test("further alerts of where the root is tell of nobody else who suffers", () => {
    const again = incident(signOf("disk", "DiskFull"), signOf("disk", "DiskSlow"));
    expect(asked(atHub(6), again)).toBe(false);
    expect(asked(atHub(0, "HostUnreachable"), again)).toBe(false);
  });

  test("without alerts at both roots there is nothing to compare", () => {
    const other = atHub(6);
    const silent = { service: "disk", sign: null };
    expect(maySpread(blame, other, silent, other.signs)).toBe(true);
  });
});
