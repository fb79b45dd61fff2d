/** Silences whose states others change at the same time. */
import { expect, test } from "vitest";
import { Silences, silenceState } from "../../actors/dispatch/silences.ts";
import type { Silence } from "../../actors/dispatch/types.ts";
import type { DispatchService } from "../../runtime/services.ts";
import type { HttpRequest } from "../http.ts";
import { deleteSilence, postSilence } from "./silences.ts";

const nowMs = Date.UTC(2026, 0, 1);
const id = "0b9f8a52-3c1d-4f7e-9a55-6d1f0f6f2b1c";
const base: Silence = {
  ...{ id, startsAtMs: nowMs, endsAtMs: nowMs + 3_600_000, updatedAtMs: nowMs },
  matchers: [{ label: "service", op: "=", value: "db" }],
  ...{ createdBy: "ann", comment: "upgrade", annotations: {}, recurrence: null },
};

/** Before each of the first changes somebody else, whose clock is ahead, prolongs the silence. */
function contested(changes: number) {
  const silences = new Silences();
  silences.merge(base, nowMs);
  let left = changes;
  const dispatch = {
    silence: async () => silences.get(id),
    keepSilence: async (silence: Silence) => {
      left -= 1;
      const { updatedAtMs } = silence;
      const longer = { ...base, endsAtMs: nowMs + 7_200_000, updatedAtMs: updatedAtMs + 10 };
      if (left >= 0) silences.merge(longer, nowMs);
      return silences.merge(silence, nowMs);
    },
  } as unknown as DispatchService;
  const request = { params: { id } } as unknown as HttpRequest;
  const deps = { dispatch, routes: () => ({}), nowMs: () => nowMs, newId: () => id };
  const end = () => deleteSilence(request, deps);
  return { end, state: () => silenceState(silences.get(id)!, nowMs) };
}

test("a silence that is prolonged while it is being ended is ended all the same", async () => {
  const { end, state } = contested(2);
  expect(await end()).toEqual({ status: 200 });
  expect(state()).toBe("expired");
});

test("one that could not be ended is not said to have ended", async () => {
  const { end, state } = contested(100);
  expect((await end()).status).toBe(409);
  expect(state()).toBe("active");
});

test("without routes a silence would mute nothing, and is refused", async () => {
  const wish = { matchers: [{ name: "a", value: "b", isRegex: false }], createdBy: "c" };
  const times = { startsAt: "2026-01-01T00:00:00Z", endsAt: "2099-01-01T00:00:00Z" };
  const body = Buffer.from(JSON.stringify({ ...wish, ...times, comment: "d" }));
  const request = { body, query: new URLSearchParams() } as unknown as HttpRequest;
  const dispatch = {} as DispatchService;
  const deps = { dispatch, routes: () => null, nowMs: () => nowMs, newId: () => id };
  const answer = await postSilence(request, deps);
  expect(answer.status).toBe(400);
  expect(String(answer.body)).toContain("no routes are configured");
});
