/** Alerts that nothing else relates belong together where they say about the same. */
import { describe, test } from "vitest";
import type { Labels } from "../alert/events.ts";
import { happened, notified } from "../../testing/scenario-expectations.ts";
import { alertChanged, alertFired, alertResolved } from "../../testing/scenario-happenings.ts";
import { scenario } from "../../testing/scenario.ts";
import { storyConfig } from "../../testing/story-config.ts";

const config = storyConfig();
const from = (service: string, labels: Labels = {}, annotations: Labels = {}) => ({
  instance: service,
  labels: { service, severity: "critical", ...labels },
  annotations,
});
const eu = { region: "eu" };
const stuck = (service: string, count: number, labels: Labels = eu) =>
  from(service, labels, { summary: `${count} letters could not be handed to the relay` });

describe("messages", () => {
  test("that differ in numbers and names only join, page once, and say why", () => {
    scenario("one rule, two services", { config })
      .at("00:00").when(alertFired("MailStuck", stuck("orders", 20)))
      .then(notified("primary", "opened"))
      .at("01:00").when(alertFired("MailStuck", stuck("billing", 7_000)))
      .then(
        happened("alertJoined", {
          because: 'but for numbers and names it says the same as inc-0-1; same region "eu"',
          detail: { score: 1.29, evidence: "message 1.15, time -0.06, agreement 0.2" },
        }),
      )
      .thenNothing();
  });

  test("of another region are another trouble, and so is what hardly matters", () => {
    scenario("two regions", { config })
      .at("00:00").when(alertFired("MailStuck", stuck("orders", 20))).then(happened("opened"))
      .at("00:10").when(alertFired("MailStuck", stuck("billing", 20, { region: "us" })))
      .then(happened("opened"))
      .at("00:20").when(alertFired("MailStuck", stuck("search", 9, { ...eu, severity: "low" })))
      .then(happened("opened"));
  });

  test("relate no longer once the window is over or the incident has ended", () => {
    scenario("late", { config })
      .at("00:00").when(alertFired("MailStuck", stuck("orders", 20))).then(happened("opened"))
      .at("05:01").when(alertFired("MailStuck", stuck("billing", 20))).then(happened("opened"))
      .at("06:00").when(alertResolved("MailStuck", "billing")).then(happened("resolved"))
      .at("06:10").when(alertFired("MailStuck", stuck("search", 20))).then(happened("opened"));
  });

  test("hide nothing that happens of itself, however it is told", () => {
    const expired = (service: string) =>
      from(service, eu, { summary: `the certificate of host ${service}:8443 expired` });
    scenario("two certificates", { config })
      .at("00:00").when(alertFired("CertificateExpired", expired("orders")))
      .then(notified("primary", "opened"))
      .at("00:10").when(alertFired("CertificateExpired", expired("billing")))
      .then(happened("opened"), notified("primary", "opened"));
  });

  test("count for nothing where the service graph knows both and no way between them", () => {
    const dependencies = { orders: ["database"], billing: ["ledger"] };
    const topology = { dependencies, windowMs: 600_000, depthMax: 4 };
    const correlation = { ...config.correlation, topology };
    scenario("apart in the graph", { config: storyConfig({ correlation }) })
      .at("00:00").when(alertFired("MailStuck", stuck("orders", 20))).then(happened("opened"))
      .at("00:10").when(alertFired("MailStuck", stuck("billing", 20))).then(happened("opened"))
      .at("00:20").when(alertFired("MailStuck", stuck("letters", 20)))
      .then(happened("alertJoined", { incident: { id: "inc-0-1" } }));
  });

  test("by themselves relate no two kinds of trouble, and may be left out", () => {
    scenario("another rule", { config })
      .at("00:00").when(alertFired("MailStuck", stuck("orders", 20))).then(happened("opened"))
      .at("00:10").when(alertFired("FaxMachineJammed", stuck("billing", 20)))
      .then(happened("opened"));
    const correlation = { ...config.correlation, weights: { message: 0, text: 0 } };
    scenario("left out", { config: storyConfig({ correlation }) })
      .at("00:00").when(alertFired("MailStuck", stuck("orders", 20))).then(happened("opened"))
      .at("00:10").when(alertFired("MailStuck", stuck("billing", 20))).then(happened("opened"));
  });
});

describe("texts", () => {
  const one = { summary: "p95 latency of the shop is 4.2 s, threshold 2 s" };
  const other = { summary: "Latency of the shop above 2 s: p95 3.7 s" };

  test("in other words join, and say how near they are", () => {
    scenario("two probers", { config })
      .at("00:00").when(alertFired("ShopLatency", from("prober", eu, one)))
      .then(happened("opened"))
      .at("00:30").when(alertFired("ShopLatency", from("browsers", eu, other)))
      .then(
        happened("alertJoined", {
          because: /^in other words \(0\.\d\d\) it says the same as inc-0-1; same region "eu"$/,
        }),
      )
      .thenNothing();
  });

  test("of another region are another trouble, as is one of another kind", () => {
    scenario("others", { config })
      .at("00:00").when(alertFired("ShopLatency", from("prober", eu, one))).then(happened("opened"))
      .at("00:10").when(alertFired("ShopLatency", from("browsers", { region: "us" }, other)))
      .then(happened("opened"))
      .at("00:20").when(alertFired("Oddity", from("robots", {}, other))).then(happened("opened"));
  });
});

describe("families", () => {
  const slow = (service: string, labels: Labels = {}) => from(service, labels);

  test("copies of a service with the same kind of trouble join", () => {
    scenario("shards", { config })
      .at("00:00").when(alertFired("LatencyHigh", slow("checkout-7f9c-2")))
      .then(happened("opened"))
      .at("00:10").when(alertFired("SlowResponses", slow("checkout-7f9c-3")))
      .then(
        happened("alertJoined", {
          because: 'a service of family "checkout" has latency trouble, as has that of inc-0-1',
        }),
      )
      .thenNothing();
  });

  test("not with another kind of trouble, nor in another region", () => {
    scenario("others", { config })
      .at("00:00").when(alertFired("LatencyHigh", slow("checkout-1", eu))).then(happened("opened"))
      .at("00:10").when(alertFired("PodRestarts", slow("checkout-2", eu))).then(happened("opened"))
      .at("00:20").when(alertFired("LatencyHigh", slow("checkout-3", { region: "us" })))
      .then(happened("opened"));
  });
});

describe("values", () => {
  const rising = { values: "1 2 3 9 20 21" };
  const related = (service: string, annotations: Labels = {}) =>
    from(service, { model_id: "chat-large" }, annotations);
  const story = (name: string) =>
    scenario(name, { config })
      .at("00:00").when(alertFired("QueueGrows", related("orders", rising)))
      .then(happened("opened"))
      .at("00:10").when(alertFired("BatchLate", related("billing"))).then(happened("alertJoined"));

  test("that move alike turn a weak relation into a sufficient one", () => {
    const scaled = { values: "[10, 20, 31, 90, 200, 210]" };
    story("alike")
      .at("05:05").when(alertFired("Oddity", from("billing", {}, scaled)))
      .then(
        happened("alertJoined", {
          because: /^same service "billing" .*; its values move like \(1\.00\) those of inc-0-1$/,
        }),
      );
  });

  test("that fall while the others rise do not", () => {
    story("otherwise")
      .at("05:05").when(alertFired("Oddity", from("billing", {}, { values: "9 8 7 5 2 1" })))
      .then(happened("opened"));
  });

  test("that an alert had one after the other count as well", () => {
    const valued = (value: string) => related("orders", { value });
    const trail = scenario("trail", { config })
      .at("00:00").when(alertFired("QueueGrows", valued("1"))).then(happened("opened"));
    for (const [at, value] of ["2", "3", "9", "20", "21"].entries()) {
      trail.at(`00:0${at + 1}`).when(alertChanged("QueueGrows", valued(value)))
        .then(happened("alertChanged"));
    }
    trail
      .at("00:10").when(alertFired("BatchLate", related("billing"))).then(happened("alertJoined"))
      .at("05:05").when(alertFired("Oddity", from("billing", {}, rising)))
      .then(happened("alertJoined", { because: "its values move like (1.00)" }));
  });
});

describe("models", () => {
  const latency = (service: string, ms: number, model = "chat-large") => {
    const labels = { model_name: model, metric_type: "latency" };
    return from(service, labels, { value: String(ms), unit: "ms" });
  };

  test("with about the same value of a metric join within a quarter of an hour", () => {
    scenario("one model", { config })
      .at("00:00").when(alertFired("ModelSlow", latency("chat", 2_000))).then(happened("opened"))
      .at("14:00").when(alertFired("TokensLate", latency("batch", 2_400)))
      .then(
        happened("alertJoined", {
          because: 'same model "chat-large" and latency, 400 ms apart (under 500 ms)',
        }),
      )
      .thenNothing();
  });

  test("not with another value or model; a value that changed is the one that counts", () => {
    scenario("others", { config })
      .at("00:00").when(alertFired("ModelSlow", latency("chat", 2_000))).then(happened("opened"))
      .at("01:00").when(alertFired("TokensLate", latency("batch", 3_400))).then(happened("opened"))
      .at("01:10").when(alertFired("TokensLate", latency("code", 2_000, "code-large")))
      .then(happened("opened"))
      .at("02:00").when(alertChanged("ModelSlow", latency("chat", 5_000)))
      .then(happened("alertChanged"))
      .at("02:10").when(alertFired("AnswersLate", latency("search", 5_100)))
      .then(happened("alertJoined", { incident: { id: "inc-0-1" } }));
  });
});
