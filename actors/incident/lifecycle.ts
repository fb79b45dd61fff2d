/**
 * The lifecycle of an incident, as one table: which commands are possible in which status.
 *
 *   triggered -> acknowledged -> investigating -> identified -> resolved -> closed
 *
 * L1 Forward jumps are legal up to "resolved"; closing needs a resolution first.
 * L2 Asking for the status that the incident has is no error and no change.
 * L3 The only way back is to reopen, from resolved or closed, to triggered.
 * L4 A merged incident takes notes only; its successor is the place for everything else.
 */
import type { CommandAction, IncidentStatus } from "./types.ts";

/** What people ask for; "relate" has conditions of its own (relate.ts). */
export type LifecycleAction = Exclude<CommandAction["kind"], "create" | "relate">;

export type Verdict =
  | { kind: "move"; to: IncidentStatus }
  /** The incident already is where the command wants it. */
  | { kind: "same" }
  /** Legal, and the status stays what it is. */
  | { kind: "stay" }
  | { kind: "refuse"; reason: string };

const possible: Record<IncidentStatus, LifecycleAction[]> = {
  triggered: ["acknowledge", "investigate", "identify", "resolve", "merge", "split", "note"],
  acknowledged: ["investigate", "identify", "resolve", "merge", "split", "note"],
  investigating: ["identify", "resolve", "merge", "split", "note"],
  identified: ["resolve", "merge", "split", "note"],
  resolved: ["close", "reopen", "merge", "note"],
  closed: ["reopen", "note"],
  merged: ["note"],
};

const leadsTo: Record<LifecycleAction, IncidentStatus | null> = {
  acknowledge: "acknowledged",
  investigate: "investigating",
  identify: "identified",
  resolve: "resolved",
  close: "closed",
  reopen: "triggered",
  merge: "merged",
  split: null,
  note: null,
  setSeverity: null,
};

export function judge(status: IncidentStatus, action: LifecycleAction): Verdict {
  const to = leadsTo[action];
  if (to === null) return { kind: "stay" };
  if (to === status) return { kind: "same" };
  if (possible[status].includes(action)) return { kind: "move", to };
  const choices = possible[status].join(", ");
  return {
    kind: "refuse",
    reason: `cannot ${action} an incident that is ${status}; possible now: ${choices}`,
  };
}

/** Somebody still has to do something about it. */
export function isOpen(status: IncidentStatus): boolean {
  return status !== "resolved" && status !== "closed" && status !== "merged";
}
