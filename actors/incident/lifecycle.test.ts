import { describe, expect, test } from "vitest";
import type { LifecycleAction } from "./lifecycle.ts";
import { isOpen, judge } from "./lifecycle.ts";
import type { IncidentStatus } from "./types.ts";
import { incidentStatuses } from "./types.ts";

const actions: LifecycleAction[] = [
  "acknowledge",
  "investigate",
  "identify",
  "resolve",
  "close",
  "reopen",
  "merge",
  "note",
];

/** Status by status, in the order of `actions`: "=" same, "." stays, "-" refused, else the move. */
const expected: Record<IncidentStatus, string> = {
  triggered: "acknowledged investigating identified resolved - = merged .",
  acknowledged: "= investigating identified resolved - - merged .",
  investigating: "- = identified resolved - - merged .",
  identified: "- - = resolved - - merged .",
  resolved: "- - - = closed triggered merged .",
  closed: "- - - - = triggered - .",
  merged: "- - - - - - = .",
};

describe("every status and every command", () => {
  for (const status of incidentStatuses) {
    const outcomes = expected[status].split(" ");
    actions.forEach((action, at) => {
      const outcome = outcomes[at] ?? "";
      test(`${status}, ${action}: ${outcome}`, () => {
        const verdict = judge(status, action);
        if (outcome === "=") expect(verdict).toEqual({ kind: "same" });
        else if (outcome === ".") expect(verdict).toEqual({ kind: "stay" });
        else if (outcome !== "-") expect(verdict).toEqual({ kind: "move", to: outcome });
        else {
          expect(verdict.kind).toBe("refuse");
          const reason = verdict.kind === "refuse" ? verdict.reason : "";
          expect(reason).toContain(`cannot ${action} an incident that is ${status}`);
        }
      });
    });
  }

  test("a refusal names what is possible", () => {
    expect(judge("closed", "resolve")).toEqual({
      kind: "refuse",
      reason: "cannot resolve an incident that is closed; possible now: reopen, note",
    });
  });

  test("resolved, closed and merged incidents are not open", () => {
    expect(incidentStatuses.filter(isOpen)).toEqual(
      ["triggered", "acknowledged", "investigating", "identified"],
    );
  });
});
