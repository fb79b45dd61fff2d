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
  /** Since when there are routes. */
  | { kind: "since" }
  | { kind: "wouldMute"; matchers: Matcher[] };

export type DispatchAnswer =
  /**
   * `dispatching` false: there are no routes. Alerts that it does not know are left out.
   * `looked`: how many of the fingerprints that were asked for this answers, at least one.
   */
  | { kind: "alerts"; dispatching: boolean; alerts: AlertDispatch[]; looked: number }
  | { kind: "silences"; silences: Silence[]; next: string | null }
  | { kind: "silence"; silence: Silence | null }
  /** `agoMs` null: there are no routes. */
  | { kind: "since"; agoMs: number | null }
  | { kind: "wouldMute"; muted: number; of: number };

export const fingerprintsMax = 1_000;
const silencesMax = 200;
/** NATS takes a message of 1 MB; the last item may go beyond this by its own size. */
const answerBytesMax = 512 * 1024;

export type DispatchMemory = { dispatching: Dispatching; nowMs: number };

export function answerDispatch(
  { dispatching, nowMs }: DispatchMemory,
  query: DispatchQuery,
): DispatchAnswer {
  const { dispatcher, silences } = dispatching;
  switch (query.kind) {
    case "alerts":
      return { kind: "alerts", ...statusesOf(dispatching, query.fingerprints, nowMs) };
    case "silences": {
      const all = silences.all().filter(({ id }) => id > query.after);
      all.sort((a, b) => (a.id < b.id ? -1 : 1));
      const page = firstOf(all.slice(0, silencesMax));
      const next = all.length > page.length ? (page.at(-1)?.id ?? null) : null;
      return { kind: "silences", silences: page, next };
    }
    case "silence":
      return { kind: "silence", silence: silences.get(query.id) };
    case "since":
      return { kind: "since", agoMs: dispatcher === null ? null : nowMs - dispatcher.sinceMs };
    case "wouldMute": {
      if (dispatcher === null) return { kind: "wouldMute", muted: 0, of: 0 };
      return { kind: "wouldMute", ...wouldMute(dispatcher, query.matchers) };
    }
  }
}

function statusesOf(
  { dispatcher }: Dispatching,
  fingerprints: readonly string[],
  nowMs: number,
): { dispatching: boolean; alerts: AlertDispatch[]; looked: number } {
  const asked = fingerprints.slice(0, fingerprintsMax);
  if (dispatcher === null) return { dispatching: false, alerts: [], looked: asked.length };
  const alerts: AlertDispatch[] = [];
  let [looked, bytes] = [0, 0];
  for (const fingerprint of asked) {
    if (bytes >= answerBytesMax) break;
    looked += 1;
    const alert = dispatcher.alerts.get(fingerprint);
    if (alert === undefined) continue;
    const answer = { fingerprint, status: statusOf(dispatcher, alert, nowMs) };
    alerts.push(answer);
    bytes += sizeOf(answer);
  }
  return { dispatching: true, alerts, looked };
}

/** As many as fit into an answer, one at least. */
function firstOf<Item extends object>(items: readonly Item[]): Item[] {
  let bytes = 0;
  const end = items.findIndex((item) => (bytes += sizeOf(item)) >= answerBytesMax);
  return items.slice(0, end === -1 ? items.length : end + 1);
}

const sizeOf = (value: object): number => Buffer.byteLength(JSON.stringify(value));
