/**
 * Silences over Alertmanager's API v2. Additions: `dryRun` shows what a silence would mute and
 * makes none; one that would mute everything is refused unless `force` is set.
 */
import { silenceState } from "../../actors/dispatch/silences.ts";
import type { Silence } from "../../actors/dispatch/types.ts";
import type { Matcher } from "../../actors/incident/types.ts";
import { clockOf, weekdayNames } from "../../runtime/config/recurrence.ts";
import type { DispatchService } from "../../runtime/services.ts";
import {
  changeSilence,
  expireSilence,
  mutesEverything,
  refusedWish,
} from "../../runtime/silence-changes.ts";
import type { HttpRequest, HttpResponse } from "../http.ts";
import { answer, readFlag, readMatchers } from "./query.ts";
import { BadSilence, readSilence } from "./silence-body.ts";

export type SilencesDeps = {
  dispatch: DispatchService;
  /** Null: nothing is told by routes, so there is nothing that a silence could mute. */
  routes(): object | null;
  nowMs(): number;
  newId(): string;
};

const uuidPattern = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;
/** Others may change a silence while it is being ended so many times. */
const racesMax = 5;
const stateOrder = ["active", "pending", "expired"] as const;

export async function listSilences(
  { query }: HttpRequest,
  deps: SilencesDeps,
): Promise<HttpResponse> {
  const filters = readMatchers(query, "filter");
  const nowMs = deps.nowMs();
  // A filter is not tried on anything: it names a matcher that a silence must have.
  const silences = (await deps.dispatch.silences()).filter(
    (silence) =>
      readFlag(query, silenceState(silence, nowMs)) &&
      filters.every((filter) => silence.matchers.some((matcher) => isEqual(matcher, filter))),
  );
  silences.sort((a, b) => inOrder(a, b, nowMs));
  return answer(200, silences.map((silence) => silenceView(silence, nowMs)));
}

export async function getSilence(
  { params }: HttpRequest,
  deps: SilencesDeps,
): Promise<HttpResponse> {
  const { id = "" } = params;
  if (!uuidPattern.test(id)) return noUuid(id);
  const silence = await deps.dispatch.silence(id);
  if (silence === null) return { status: 404 };
  return answer(200, silenceView(silence, deps.nowMs()));
}

export async function postSilence(
  { body, query }: HttpRequest,
  deps: SilencesDeps,
): Promise<HttpResponse> {
  const { dispatch, newId } = deps;
  let request: ReturnType<typeof readSilence>;
  try {
    request = readSilence(body);
  } catch (error) {
    if (!(error instanceof BadSilence)) throw error;
    const { code, message } = error;
    return answer(code === 400 ? 400 : 422, { code, message });
  }
  const { id, wish } = request;
  if (deps.routes() === null) return refuseWithoutRoutes();
  const nowMs = deps.nowMs();
  const refusal = refusedWish(wish, nowMs);
  if (refusal !== null) return answer(400, refusal);
  const isSet = (name: string): boolean => query.has(name) && readFlag(query, name);
  if (isSet("dryRun")) {
    const everything = mutesEverything(wish.matchers);
    return answer(200, { ...(await dispatch.wouldMute(wish.matchers)), everything });
  }
  const isForced = isSet("force") || wish.annotations["force"] === "true";
  if (mutesEverything(wish.matchers) && !isForced) return refuseEverything(wish.matchers.length);
  const known = id === "" ? null : await dispatch.silence(id);
  if (id !== "" && known === null) return answer(404, `silence not found: ${id}`);
  const states = changeSilence(wish, known, nowMs, newId);
  for (const state of states) {
    if (await dispatch.keepSilence(state)) continue;
    return answer(409, "the silence was changed by somebody else just now, or there are too many");
  }
  return answer(200, { silenceID: states.at(-1)?.id });
}

export async function deleteSilence(
  { params }: HttpRequest,
  { dispatch, nowMs }: SilencesDeps,
): Promise<HttpResponse> {
  const { id = "" } = params;
  if (!uuidPattern.test(id)) return noUuid(id);
  for (let race = 0; race < racesMax; race += 1) {
    const silence = await dispatch.silence(id);
    if (silence === null) return { status: 404 };
    const expired = expireSilence(silence, nowMs());
    if (expired === silence || (await dispatch.keepSilence(expired))) return { status: 200 };
  }
  return answer(409, "the silence is being changed by others all the time; try again");
}

function noUuid(id: string): HttpResponse {
  const shown = JSON.stringify(id.slice(0, 200));
  const message = `silenceID in path must be of type uuid: ${shown}`;
  return answer(422, { code: 601, message });
}

function isEqual(a: Matcher, b: Matcher): boolean {
  return a.label === b.label && a.op === b.op && a.value === b.value;
}

/** Escalations are not silenced: a silence that is taken and does nothing would be a trap. */
function refuseWithoutRoutes(): HttpResponse {
  return answer(
    400,
    "silences mute what routes tell, and no routes are configured: start with --config " +
      "alertmanager.yml, or name one as alertmanager in tocsin.yaml. Escalations of incidents " +
      "stop when somebody takes the incident",
  );
}

function refuseEverything(matchers: number): HttpResponse {
  const what = matchers === 1 ? "its matcher lets" : "its matchers let";
  return answer(
    400,
    `this silence would mute everything: ${what} no alert through. To make it all the same, ` +
      "repeat the request with ?force=true or the annotation force=true",
  );
}

/** Active ones first, those that end soonest first; of the expired the latest first. */
function inOrder(a: Silence, b: Silence, nowMs: number): number {
  const [stateA, stateB] = [silenceState(a, nowMs), silenceState(b, nowMs)];
  if (stateA !== stateB) return stateOrder.indexOf(stateA) - stateOrder.indexOf(stateB);
  if (stateA === "pending") return a.startsAtMs - b.startsAtMs;
  return stateA === "active" ? a.endsAtMs - b.endsAtMs : b.endsAtMs - a.endsAtMs;
}

function silenceView(silence: Silence, nowMs: number): object {
  const time = (ms: number): string => new Date(ms).toISOString();
  const { recurrence, annotations } = silence;
  return {
    id: silence.id,
    status: { state: silenceState(silence, nowMs) },
    updatedAt: time(silence.updatedAtMs),
    comment: silence.comment,
    createdBy: silence.createdBy,
    startsAt: time(silence.startsAtMs),
    endsAt: time(silence.endsAtMs),
    matchers: silence.matchers.map(({ label, op, value }) => ({
      name: label,
      value,
      isRegex: op === "=~" || op === "!~",
      isEqual: op === "=" || op === "=~",
    })),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    ...(recurrence === null ? {} : { recurrence: recurrenceView(recurrence) }),
  };
}

function recurrenceView(recurrence: NonNullable<Silence["recurrence"]>): object {
  const { weekdays, fromMinute, toMinute, location } = recurrence;
  const names = weekdays.map((day) => weekdayNames[day]);
  return { weekdays: names, from: clockOf(fromMinute), to: clockOf(toMinute), location };
}
