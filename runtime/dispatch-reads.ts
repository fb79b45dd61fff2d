/**
 * Reads of dispatching, answered by the owner of an incident partition from its memory. Answers
 * are bounded, so that they fit into one message.
 */
import { statusOf, wouldMute } from "../actors/dispatch/views.ts";
import type { Dispatching } from "../actors/dispatch/dispatching.ts";
import type { AlertStatus, Silence } from "../actors/dispatch/types.ts";
import type { Matcher } from "../actors/incident/types.ts";

/** Whether an alert is muted now, and why. */
export type AlertDispatch = { fingerprint: string; status: AlertStatus };

export type DispatchQuery =
  /** At most `fingerprintsMax`. */
  | { kind: "alerts"; fingerprints: string[] }
  /** Behind the id `after`; "": from the first. */
  | { kind: "silences"; after: string }
  | { kind: "silence"; id: string }
  | { kind: "wouldMute"; matchers: Matcher[] };

export type DispatchAnswer =
  /** `dispatching` false: there are no routes. Alerts that it does not know are left out. */
  | { kind: "alerts"; dispatching: boolean; alerts: AlertDispatch[] }
  | { kind: "silences"; silences: Silence[]; next: string | null }
  | { kind: "silence"; silence: Silence | null }
  | { kind: "wouldMute"; muted: number; of: number };

export const fingerprintsMax = 1_000;
const silencesMax = 200;

export type DispatchMemory = { dispatching: Dispatching; nowMs: number };

export function answerDispatch(
  { dispatching, nowMs }: DispatchMemory,
  query: DispatchQuery,
): DispatchAnswer {
  const { dispatcher, silences } = dispatching;
  switch (query.kind) {
    case "alerts": {
      const alerts = query.fingerprints.slice(0, fingerprintsMax).flatMap((fingerprint) => {
        const alert = dispatcher?.alerts.get(fingerprint);
        if (dispatcher === null || alert === undefined) return [];
        return [{ fingerprint, status: statusOf(dispatcher, alert, nowMs) }];
      });
      return { kind: "alerts", dispatching: dispatcher !== null, alerts };
    }
    case "silences": {
      const all = silences.all().filter(({ id }) => id > query.after);
      const page = all.sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, silencesMax);
      const next = all.length > page.length ? (page.at(-1)?.id ?? null) : null;
      return { kind: "silences", silences: page, next };
    }
    case "silence":
      return { kind: "silence", silence: silences.get(query.id) };
    case "wouldMute": {
      if (dispatcher === null) return { kind: "wouldMute", muted: 0, of: 0 };
      return { kind: "wouldMute", ...wouldMute(dispatcher, query.matchers) };
    }
  }
}
