/** How severe incidents become by their scores, by time and by people, and who hears of it. */
import { describe, expect, test } from "vitest";
import { happened, notified, replied, timerSet } from "../../testing/scenario-expectations.ts";
import {
  alertChanged,
  alertFired,
  alertResolved,
  command,
  configured,
  merged,
  nothing,
} from "../../testing/scenario-happenings.ts";
import { scenario } from "../../testing/scenario.ts";
import { storyConfig, storyPolicy } from "../../testing/story-config.ts";
import type { Factor, SeverityConfig } from "../severity/config.ts";
import type { IncidentConfig, IncidentView, Severity } from "./types.ts";

const factor = (name: string, source: Factor["source"], points: [number, number][]): Factor => ({
  ...{ name, axis: "impact", weight: 1, atLeast: [], source },
  scale: { kind: "points", points },
});
const counted = (name: "services" | "minutes" | "dependants"): Factor["source"] => ({
  ...{ kind: "circumstance", name },
});
const users = factor(
  "users",
  { kind: "said", names: ["users"], per: [], matchers: [] },
  [[0, 0], [100, 1]],
);
const services = factor("services", counted("services"), [[1, 0], [5, 1]]);
const time: Factor = {
  ...factor("time", counted("minutes"), [[0, 0], [30, 0.5], [60, 1]]),
  axis: "urgency",
};

/** One band of urgency until half an hour, a second one from then on. */
const scores: SeverityConfig = {
  ...{ mode: "raise", scale: "sev1-5", missing: "renormalise", newEvidence: 0.25 },
  bands: {
    impact: [{ name: "minor", from: 0 }, { name: "major", from: 0.5 }],
    urgency: [{ name: "low", from: 0 }, { name: "high", from: 0.5 }],
  },
  matrix: [["info", "low"], ["high", "critical"]],
  factors: [users, services],
};
const timed = { ...scores, factors: [users, time] };

const severe = { label: "severity", op: "=~", value: "critical|high" } as const;
const tell = {
  ...{ name: "tell", repeats: 0, repeatAfterMs: 60_000 },
  levels: [{ afterMs: 0, receivers: ["channel"] }],
};
function withScores(severity: SeverityConfig, more: Partial<IncidentConfig> = {}): IncidentConfig {
  return storyConfig({
    severity,
    policies: { "on-call": storyPolicy, tell },
    rules: [{ matchers: [severe], policy: "on-call" }, { matchers: [], policy: "tell" }],
    ...more,
  });
}
const slow = (instance: string, labels: Record<string, string> = {}) =>
  alertFired("Slow", { instance, dedupKey: "slow", labels: { severity: "low", ...labels } });
const set = (severity: Severity, reason = "one customer") =>
  command({ kind: "setSeverity", severity, reason }, { on: "Slow" });
const scored = (level: string): Partial<IncidentView> => ({
  severity_score: expect.objectContaining({ level }) as IncidentView["severity_score"],
});

describe("a score", () => {
  test("advises: it is shown, and the incident stays as severe as its alerts say", () => {
    scenario("advise", { config: withScores({ ...scores, mode: "advise" }) })
      .at("00:00").when(slow("a", { users: "100" }))
      .then(happened("opened", { incident: { severity: "low" } }), notified("channel"))
      .check((stage) => {
        const view = stage.list(anyFilter, 1, null).items[0];
        expect(view).toMatchObject({ severity: "low", ...scored("SEV2") });
        expect(view?.severity_score).toMatchObject({ mode: "advise", missing: [] });
      })
      .at("01:00").when(slow("b", { users: "100" })).thenNo(happened("severityRaised"));
  });

  test("raises: an incident opens as severe as its score, and says why", () => {
    scenario("opens severe", { config: withScores(scores) })
      .at("00:00").when(slow("a", { users: "100" }))
      .then(
        happened("opened", { incident: { severity: "high" } }),
        notified("primary", "opened"),
      )
      .check((_, outputs) => {
        const opened = outputs.find((output) => output.kind === "event");
        expect(opened?.kind === "event" && opened.event.detail["severity_because"]).toBe(
          "SEV2 by its score of 50 (said was low): impact major (0.5) and urgency low (0) meet " +
            "at SEV2 in the matrix",
        );
      });
  });

  test("rises with what joins, and the incident goes to who is to know; once", () => {
    const spread = (at: number) => slow(`i${at}`, { service: `s${at}`, users: "40" });
    scenario("spreads", { config: withScores(scores) })
      .at("00:00").when(spread(1)).then(notified("channel", "opened"))
      .at("01:00").when(spread(2)).then(happened("alertJoined")).thenNothing()
      .at("02:00").when(spread(3)).then(happened("alertJoined")).thenNothing()
      .at("03:00").when(spread(4))
      .then(
        happened("alertJoined", { incident: { severity: "low" } }),
        happened("severityRaised", {
          by: "alerts",
          because: /^SEV2 by its score of \S+ \(it was low\): impact major /,
          detail: { from: "low", to: "high", level: "SEV2" },
        }),
        notified("primary", "opened"),
      )
      .at("04:00").when(spread(5)).then(happened("alertJoined")).thenNothing()
      .at("08:01").when(nothing()).then(notified("secondary", "escalated"));
  });

  test("rises with what changes, and leaves alone who has taken the incident", () => {
    const worse = { instance: "a", dedupKey: "slow", labels: { severity: "low", users: "100" } };
    scenario("taken", { config: withScores(scores) })
      .at("00:00").when(slow("a", { users: "5" })).then(notified("channel"))
      .at("00:30").when(command({ kind: "acknowledge" }, { on: "Slow" }))
      .at("01:00").when(alertChanged("Slow", worse))
      .then(
        happened("alertChanged"),
        happened("severityRaised", { incident: { severity: "high" } }),
      )
      .thenNothing();
  });

  test("stays what it was when the alert that made it bad has ended", () => {
    scenario("ended", { config: withScores(scores) })
      .at("00:00").when(slow("a"), slow("b", { users: "100" }))
      .at("01:00").when(alertResolved("Slow", "b"))
      .then(happened("alertResolved", { incident: { severity: "high" } })).thenNothing();
  });

  test("knows after a merge what both incidents knew", () => {
    const other = { dedupKey: "other", labels: { severity: "low", users: "60", service: "two" } };
    scenario("merge", { config: withScores(scores) })
      .at("00:00").when(slow("a", { service: "one" }), alertFired("Other", other))
      .at("01:00").when(merged("Other", "Slow")).then(happened("merged"), happened("merged"))
      .check((_, outputs) => {
        const events = outputs.flatMap((output) => (output.kind === "event" ? output.event : []));
        const terms = events[1]?.incident.severity_score?.terms;
        expect(terms?.map(({ factor, value }) => [factor, value])).toEqual([
          ...[["users", 60], ["services", 2]],
        ]);
      });
  });

  test("counts who depends on the service where the trouble is, if the graph knows it", () => {
    const dependants = factor("dependants", counted("dependants"), [[0, 0], [2, 1]]);
    const topology = {
      ...{ windowMs: 1_000, depthMax: 4 },
      dependencies: { web: ["api"], api: ["db"] },
    };
    const by = { enabled: false, windowMs: 60_000, labels: [], agree: [], weights: {} };
    const correlation = { ...by, topology };
    const config = withScores({ ...scores, factors: [dependants] }, { correlation });
    const on = (name: string, service: string) => alertFired(name, { labels: { service } });
    scenario("dependants", { config })
      .at("00:00").when(on("Db", "db"))
      .at("01:00").when(on("Web", "web"), on("Else", "elsewhere"))
      .check((stage) => {
        const items = stage.list(anyFilter, 3, null).items.reverse();
        const known = items.map(({ severity_score: score }) => score?.terms[0]?.value ?? null);
        expect(known).toEqual([2, 0, null]);
        expect(items[2]?.severity_score?.missing).toEqual(["dependants"]);
      });
  });
});

describe("time", () => {
  test("raises an open incident at a point of its factor, by a timer", () => {
    scenario("time passes", { config: withScores(timed) })
      .at("00:00").when(slow("a", { users: "60" })).then(timerSet("05:00"))
      .at("00:10").when(command({ kind: "acknowledge" }, { on: "Slow" })).then(timerSet("30:00"))
      .at("30:00").when(nothing())
      .then(
        happened("severityRaised", {
          ...{ by: "timer", because: /^SEV1 by its score of .* \(it was high\): / },
          detail: { from: "high", to: "critical" },
        }),
      )
      .at("60:00").when(nothing()).thenNothing();
  });

  test("sets no timer where it changes nothing, nor for what is over", () => {
    const still = { ...timed, matrix: [["info", "info"], ["high", "high"]] as Severity[][] };
    const quiet = { rules: [] };
    scenario("no timer", { config: withScores(still, quiet) })
      .at("00:00").when(slow("a", { users: "60" })).thenNo(timerSet("30:00"));
    // 1.15 minutes are 69 s, not a hundredth less.
    const points: [number, number][] = [[0, 0], [1.15, 0.5]];
    const soon = { ...time, scale: { kind: "points" as const, points } };
    scenario("soon", { config: withScores({ ...scores, factors: [users, soon] }, quiet) })
      .at("00:00").when(slow("a", { users: "60" })).then(timerSet("01:09"));
    scenario("over", { config: withScores(timed, quiet) })
      .at("00:00").when(slow("a", { users: "60" })).then(timerSet("30:00"))
      .at("10:00").when(alertResolved("Slow", "a")).then(timerSet("70:00"))
      .at("31:00").when(nothing()).thenNothing();
  });
});

describe("a person", () => {
  test("makes it less severe, with a reason: the policy is chosen anew", () => {
    scenario("lowered", { config: withScores(scores) })
      .at("00:00").when(slow("a", { users: "100" })).then(notified("primary", "opened"))
      .at("01:00").when(set("low"))
      .then(
        happened("severityLowered", {
          by: "ada",
          because: "ada made it low, it was high: one customer",
          detail: { from: "high", to: "low", reason: "one customer" },
          incident: { severity: "low" },
        }),
        notified("channel", "opened"),
        replied("done"),
      )
      .check((stage) => {
        const view = stage.list(anyFilter, 1, null).items[0];
        expect(view?.severity_set).toMatchObject({ by: "ada", reason: "one customer" });
      })
      .at("06:00").when(nothing()).thenNo(notified("secondary"));
  });

  test("is respected: more of the same and time do not raise it, new evidence does", () => {
    const both = withScores({ ...timed, factors: [users, services, time] });
    const like = { service: "one", users: "100" };
    scenario("settled", { config: both })
      .at("00:00").when(slow("a", like)).then(notified("primary", "opened"))
      .at("01:00").when(set("low")).then(notified("channel"))
      .at("02:00").when(slow("b", like), slow("c", like)).then(happened("alertJoined"))
      .thenNo(happened("severityRaised"))
      .at("59:00").when(slow("d", like)).thenNo(happened("severityRaised"))
      .at("60:00").when(slow("e", { ...like, service: "two" }))
      .then(
        happened("alertJoined"),
        happened("severityRaised", {
          because: "services rose from 0 to 0.25 since ada decided",
          detail: { from: "low", to: "critical" },
        }),
        notified("primary", "opened"),
      )
      .check((stage) => {
        expect(stage.list(anyFilter, 1, null).items[0]?.severity_set).toBeNull();
      });
  });

  test("without scores: only an alert that is graver than all before raises it again", () => {
    scenario("no scores", { config: storyConfig() })
      .at("00:00").when(slow("a", { severity: "high" })).then(notified("primary"))
      .at("01:00").when(set("info"))
      .then(happened("severityLowered", { incident: { severity: "info" } }))
      .at("02:00").when(slow("b", { severity: "high" })).then(happened("alertJoined"))
      .thenNothing()
      .at("03:00").when(slow("c", { severity: "critical" }))
      .then(
        happened("severityRaised", {
          because: /is critical, the incident was info; it was at most high when ada decided/,
        }),
      );
  });

  test("lowers to where nobody is told: who was being paged is not paged on", () => {
    const config = withScores(scores, { rules: [{ matchers: [severe], policy: "on-call" }] });
    const more = { service: "two", users: "100" };
    scenario("nobody", { config })
      .at("00:00").when(slow("a", { users: "100" })).then(notified("primary"))
      .at("01:00").when(set("low")).then(happened("severityLowered"), replied("done"))
      .thenNothing()
      .at("20:00").when(nothing()).thenNothing()
      .at("21:00").when(slow("b", more)).then(notified("primary"))
      .at("26:01").when(nothing()).then(notified("secondary", "escalated"));
  });

  test("makes it more severe: the policy of that severity begins", () => {
    scenario("by hand", { config: withScores(scores) })
      .at("00:00").when(slow("a")).then(notified("channel"))
      .at("01:00").when(set("critical", "the press calls"))
      .then(
        happened("severityRaised", { by: "ada", because: "the press calls" }),
        notified("primary", "opened"),
      )
      .at("02:00").when(set("critical")).then(replied("done")).thenNothing();
  });

  test("is refused once it is over", () => {
    scenario("over", { config: withScores(scores) })
      .at("00:00").when(slow("a"))
      .at("01:00").when(command({ kind: "resolve", note: "" }, { on: "Slow" }))
      .at("02:00").when(set("critical"))
      .then(replied("conflict", "cannot change the severity of an incident that is resolved"));
  });
});

test("a changed matrix tells nobody by itself, and holds from the next alert on", () => {
  const stricter = { ...scores, matrix: [["critical", "critical"], ["critical", "critical"]] };
  const config = withScores(stricter as SeverityConfig, { hash: "stricter" });
  scenario("reload", { config: withScores(scores) })
    .at("00:00").when(slow("a")).then(notified("channel"))
    .at("01:00").when(configured(config)).thenNothing()
    .at("02:00").when(slow("b"))
    .then(happened("severityRaised", { detail: { to: "critical" } }), notified("primary"));
});

test("scores that are switched off leave incidents as severe as they are", () => {
  const off = withScores({ ...scores, mode: "off" }, { hash: "off" });
  scenario("off", { config: withScores(scores) })
    .at("00:00").when(slow("a", { users: "100" })).then(notified("primary"))
    .at("01:00").when(configured(off)).thenNothing()
    .at("02:00").when(slow("b"))
    .then(happened("alertJoined", { incident: { severity: "high", severity_score: null } }))
    .thenNothing();
});

const anyFilter = {
  ...{ statuses: [], severities: [], services: [], tenants: [], text: "" },
  ...{ createdFromMs: null, createdBeforeMs: null },
};
