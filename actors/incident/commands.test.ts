import { describe, expect, test } from "vitest";
import { happened, notified, replied, timerSet } from "../../testing/scenario-expectations.ts";
import {
  alertFired,
  alertResolved,
  command,
  created,
  nothing,
} from "../../testing/scenario-happenings.ts";
import { scenario } from "../../testing/scenario.ts";
import { storyConfig } from "../../testing/story-config.ts";
import { outcomeKeptMs } from "./command-memory.ts";

const on = "db-down";

describe("the life of an incident by command", () => {
  test("each step is an event with its reason, and its answer shows the incident", () => {
    scenario("a whole life")
      .at("00:00").when(alertFired("db-down"))
      .at("01:00").when(command({ kind: "acknowledge" }, { on, by: "ada" }))
      .then(
        happened("acknowledged", { by: "ada", because: "ada took it" }),
        replied("done"),
      )
      .at("02:00").when(command({ kind: "investigate" }, { on, by: "bob" }))
      .then(happened("investigating", { by: "bob" }))
      .at("03:00").when(command({ kind: "identify", cause: "disk full" }, { on }))
      .then(happened("identified", {
        because: "ada found the cause: disk full",
        incident: { cause: "disk full", acknowledged_by: "ada" },
      }))
      .at("04:00").when(command({ kind: "resolve", note: "bigger disk" }, { on }))
      .then(happened("resolved", {
        by: "ada",
        because: "ada resolved it: bigger disk",
        detail: { note: "bigger disk" },
        incident: { resolved_by: "ada", resolved_at: "2026-01-01T00:04:00.000Z" },
      }), timerSet("01:04:00"))
      .at("05:00").when(command({ kind: "close" }, { on }))
      .then(happened("closed", { incident: { status: "closed" } }), timerSet("01:05:00"))
      .at("06:00").when(command({ kind: "reopen", reason: "it is back" }, { on }))
      .then(
        happened("reopened", {
          because: "ada reopened it: it is back",
          incident: { status: "triggered", cause: null, closed_at: null },
        }),
        timerSet(null),
      );
  });

  test("what it is already is done again without an event; another cause is a correction", () => {
    scenario("idempotent by meaning")
      .at("00:00").when(alertFired("db-down"))
      .at("01:00").when(command({ kind: "acknowledge" }, { on }))
      .at("02:00").when(command({ kind: "acknowledge" }, { on, by: "bob" }))
      .then(replied("done"))
      .thenNo(happened("acknowledged"))
      .at("03:00").when(command({ kind: "identify", cause: "disk" }, { on }))
      .at("04:00").when(command({ kind: "identify", cause: "disk" }, { on }))
      .thenNo(happened("identified"))
      .at("05:00").when(command({ kind: "identify", cause: "network" }, { on }))
      .then(happened("identified", { incident: { cause: "network" } }));
  });

  test("impossible steps are refused with a reason, told to the asker and on record", () => {
    const reason = "cannot close an incident that is triggered";
    scenario("refusals")
      .at("00:00").when(alertFired("db-down"))
      .at("01:00").when(command({ kind: "close" }, { on, by: "bob", id: "c1" }))
      .then(
        happened("commandRefused", {
          by: "bob",
          because: reason,
          detail: { command: "close", command_id: "c1" },
          incident: { status: "triggered" },
        }),
        replied("conflict", reason),
      )
      .thenNothing()
      .at("02:00").when(command({ kind: "acknowledge" }, { on: "db-down" }))
      .at("03:00").when(command({ kind: "reopen", reason: "" }, { on }))
      .then(replied("conflict", "is acknowledged"));
  });

  test("notes are taken in every status", () => {
    const note = (text: string) => command({ kind: "note", text }, { on });
    scenario("notes")
      .at("00:00").when(alertFired("db-down"), note("one"))
      .then(happened("noteAdded", { detail: { text: "one" }, incident: { status: "triggered" } }))
      .at("01:00").when(alertResolved("db-down"), note("two"))
      .then(happened("noteAdded", { incident: { status: "resolved" } }))
      .at("02:00").when(command({ kind: "close" }, { on }), note("three"))
      .then(happened("noteAdded", { incident: { status: "closed" } }));
  });

  test("an incident that is not here is not found", () => {
    scenario("not found")
      .at("00:00").when(alertFired("db-down"))
      .at("01:02:00").when(alertResolved("db-down"))
      .at("02:03:00").when(nothing())
      .at("03:04:00").when(nothing(), command({ kind: "note", text: "late" }, { on }))
      .then(happened("retired"), replied("notFound", "no incident inc-0-1"))
      .thenNothing();
  });
});

describe("repeated requests", () => {
  test("have one effect and one answer", () => {
    const note = command({ kind: "note", text: "x" }, { on, id: "n1" });
    const close = command({ kind: "close" }, { on, id: "c1" });
    scenario("same id, same request")
      .at("00:00").when(alertFired("db-down"))
      .at("01:00").when(note)
      .then(happened("noteAdded"), replied("done"))
      .at("02:00").when(note)
      .then(replied("done"))
      .thenNo(happened("noteAdded"))
      .check((_, outputs) => {
        expect(outputs).toMatchObject([{ outcome: { incident: { version: 2 } } }]);
      })
      .at("03:00").when(close)
      .at("04:00").when(close)
      .then(replied("conflict", "cannot close"))
      .thenNo(happened("commandRefused"));
  });

  test("under an id that was used for something else are refused", () => {
    scenario("misused id")
      .at("00:00").when(alertFired("db-down"))
      .at("01:00").when(command({ kind: "note", text: "x" }, { on, id: "n1" }))
      .at("02:00").when(command({ kind: "note", text: "y" }, { on, id: "n1" }))
      .then(replied("conflict", 'command id "n1" was used for another request'))
      .thenNothing()
      .thenNo(happened("noteAdded"));
  });

  test("are remembered for a day of log time", () => {
    const note = command({ kind: "note", text: "x" }, { on, id: "n1" });
    expect(outcomeKeptMs).toBe(24 * 3_600_000);
    scenario("a day later")
      .at("00:00").when(alertFired("db-down"), note)
      .at("24:00:00").when(note)
      .thenNo(happened("noteAdded"))
      .at("24:00:01").when(note)
      .then(happened("noteAdded"));
  });
});

describe("incidents opened by hand", () => {
  test("have what they were given and are told of", () => {
    scenario("created", { config: storyConfig() })
      .at("00:00").when(
        created("chat is odd", {
          description: "users say so",
          severity: "critical",
          service: "chat",
          labels: { tenant: "acme", zone: "b" },
        }),
      )
      .then(
        happened("opened", {
          by: "ada",
          because: "ada opened it by hand",
          incident: {
            title: "chat is odd",
            severity: "critical",
            service: "chat",
            tenant: "acme",
            alert_count: 0,
          },
        }),
        notified("primary", "opened"),
        replied("done"),
      )
      .check((stage, outputs) => {
        const labels = { service: "chat", tenant: "acme", zone: "b" };
        expect(stage.get("inc-0-1")?.labels).toEqual(labels);
        const reply = outputs.find(({ kind }) => kind === "reply");
        expect(reply).toMatchObject({ outcome: { incident: { version: 1 } } });
      });
  });

  test("with the dedup key of an open incident are that incident", () => {
    scenario("created twice")
      .at("00:00").when(created("one", { dedupKey: "k" }))
      .at("01:00").when(created("two", { dedupKey: "k" }))
      .then(replied("done"))
      .thenNothing()
      .at("02:00").when(alertFired("db-down", { dedupKey: "k" }))
      .then(happened("alertJoined", { incident: { title: "one" } }))
      .at("03:00").when(command({ kind: "resolve", note: "" }, { on: "one" }))
      .at("04:00").when(created("three", { dedupKey: "k" }))
      .then(happened("opened", { incident: { title: "three" } }));
  });

  test("gather related alerts, and without alerts end only by command", () => {
    scenario("by hand")
      .at("00:00").when(created("chat is odd", { service: "chat" }))
      .at("01:00").when(alertFired("slow", { labels: { service: "chat" } }))
      .then(happened("alertJoined", { because: 'same service "chat"' }))
      .at("02:00").when(created("quiet", { service: "search" }))
      .at("99:00:00").when(nothing()).thenNothing()
      .when(command({ kind: "resolve", note: "" }, { on: "quiet" }))
      .then(happened("resolved"));
  });
});
