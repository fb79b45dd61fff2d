import { describe, expect, test } from "vitest";
import { clipped, durationText, quoted } from "./duration.ts";
import { groupKeyOf, identityOf, labelOf, sortedLabels, titleOf } from "./identity.ts";

function body(labels: Record<string, string>, annotations: Record<string, string> = {}) {
  return { labels, annotations, generatorURL: "", dedupKey: null };
}

describe("whose alert it is", () => {
  test("the first synonym present counts, an empty one is absent", () => {
    expect(identityOf({ service: "", app: "web", job: "node", tenant: "t", env: "prod" })).toEqual({
      tenant: "t",
      environment: "prod",
      service: "web",
    });
    expect(identityOf({ tenant_id: "a", tenant: "b", environment: "x", env: "y" })).toMatchObject({
      tenant: "a",
      environment: "x",
    });
  });

  test("nothing said reads as default and unknown", () => {
    const nobody = { tenant: "default", environment: "default", service: "unknown" };
    expect(identityOf({})).toEqual(nobody);
  });
});

describe("titles", () => {
  test("the summary, else the title, else the alert's name and service", () => {
    const labels = { alertname: "HighLatency" };
    expect(titleOf(body(labels, { summary: "slow", title: "t" }), "web")).toBe("slow");
    expect(titleOf(body(labels, { title: "t" }), "web")).toBe("t");
    expect(titleOf(body(labels), "web")).toBe("HighLatency on web");
    expect(titleOf(body({}), "web")).toBe("alert on web");
  });

  test("an endless summary is cut", () => {
    expect(titleOf(body({}, { summary: "x".repeat(1_000) }), "web")).toHaveLength(300);
  });
});

describe("grouping keys", () => {
  test("the dedup key rules, else the labels in configured order", () => {
    const labels = { service: "web", alertname: "Down" };
    expect(groupKeyOf(labels, "k", ["alertname"])).toBe("dedup:k");
    expect(groupKeyOf(labels, null, ["alertname", "service"])).toBe("alertname=Down,service=web");
    expect(groupKeyOf({}, null, ["alertname", "service"])).toBe("alertname=,service=");
  });

  test("no value can imitate another label", () => {
    const groupBy = ["a", "b"];
    const forged = groupKeyOf({ a: "1,b=2", b: "" }, null, groupBy);
    expect(forged).not.toBe(groupKeyOf({ a: "1", b: "2,b=" }, null, groupBy));
  });
});

test("names of object members are labels like any other", () => {
  expect(labelOf({}, "constructor")).toBe("");
  expect(labelOf({ constructor: "x" }, "constructor")).toBe("x");
});

test("labels are sorted by name", () => {
  expect(Object.keys(sortedLabels({ b: "2", a: "1" }))).toEqual(["a", "b"]);
});

test("durations read as people say them", () => {
  const said = [0, 1_500, 90_000, 300_000, 3_600_000, 86_400_000, 172_800_000].map(durationText);
  expect(said).toEqual(["0 s", "1500 ms", "90 s", "5 min", "1 h", "1 day", "2 days"]);
});

test("long values are cut in sentences", () => {
  expect(clipped("abcdef", 4)).toBe("abc…");
  expect(quoted("x".repeat(100))).toHaveLength(82);
});

test("a text that is too long is cut between characters, not in one", () => {
  for (const before of ["", "a", "ab"]) {
    const text = clipped(`${before}${"😀".repeat(1_000)}`, 300);
    expect(text.isWellFormed()).toBe(true);
    expect(text).toMatch(/😀…$/u);
    expect(text.length).toBeGreaterThanOrEqual(299);
    expect(text.length).toBeLessThanOrEqual(300);
  }
});
