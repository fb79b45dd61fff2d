/**
 * How the incident routes say no. A refusal names every fault at once (where, what was given,
 * what was expected), so that a caller repairs a request in one go and never has to guess.
 */
import { TerminalError, RetryableError } from "../runtime/errors.ts";
import { retryAfterSeconds } from "./http-exchange.ts";
import { problem } from "./http.ts";
import type { HttpResponse } from "./http.ts";

/** `name` is a body field ("labels.team") or a query parameter; `value` is shortened JSON. */
export type Fault = { name: string; value: string; expected: string };

const shownValueMax = 60;
const shownFaultsMax = 20;

/** A value as a refusal shows it: its JSON, shortened. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length <= shownValueMax ? text : `${text.slice(0, shownValueMax)}…`;
}

/** @param faults at least one. */
export function refuse(where: "field" | "parameter", faults: Fault[]): HttpResponse {
  const errors = faults.slice(0, shownFaultsMax).map((fault) => ({
    [where]: fault.name,
    value: fault.value,
    expected: fault.expected,
  }));
  const first = faults[0];
  const rest = faults.length - 1;
  const detail =
    first === undefined
      ? "the request is not valid"
      : `${where} "${first.name}": got ${first.value}, expected ${first.expected}` +
        (rest === 0 ? "" : ` (and ${rest} more)`);
  return problem(400, where === "field" ? "Invalid body" : "Invalid query", detail, { errors });
}

export function notFound(id: string): HttpResponse {
  const detail = `there is no incident ${shown(id)} in memory; see GET /v1/incidents`;
  return problem(404, "No such incident", detail);
}

/** Runs an incident handler; an owner that did not answer is a 503 that is safe to repeat. */
export async function answering(
  answer: () => HttpResponse | Promise<HttpResponse>,
): Promise<HttpResponse> {
  try {
    return await answer();
  } catch (error) {
    if (error instanceof TerminalError) return problem(400, "Refused", error.message);
    if (!(error instanceof RetryableError)) throw error;
    const seconds = retryAfterSeconds(error);
    const response = problem(
      503,
      "No answer in time",
      `${error.message}. Whether it took effect is unknown; repeating the request with the same ` +
        "Idempotency-Key is safe and gives the outcome.",
    );
    return { ...response, headers: { ...response.headers, "retry-after": String(seconds) } };
  }
}
