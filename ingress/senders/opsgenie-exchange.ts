/**
 * What all of Opsgenie's routes have in common: the key, the envelope of the answers ("took",
 * "requestId", rate limit headers) and the shape of errors.
 */
import type { AlertOwner } from "../../runtime/services.ts";
import type { IntakeResult } from "../../runtime/services.ts";
import { LimitError, RetryableError, TerminalError } from "../../runtime/errors.ts";
import { retryAfterSeconds } from "../http-exchange.ts";
import { type Handler, type HttpRequest, type HttpResponse, json } from "../http.ts";
import { readJsonObject } from "./json-body.ts";

import type { JsonObject } from "./sender.ts";
import type { SenderDeps, SenderScope } from "./sender-deps.ts";
import { requestKey } from "./sender-key.ts";

export type OpsgenieCall = {
  request: HttpRequest;
  principal: AlertOwner;
  /** Under which the outcome can be asked for. */
  requestId: string;
};

/** Took part of the answer; `retryAfterSeconds` only with 429 and 503. */
export type OpsgenieAnswer = { status: number; body: object; retryAfterSeconds?: number };

/** A body's fields, or why there are none. */
export type OpsgenieBody = { object: JsonObject } | { refused: OpsgenieAnswer };

export function opsgenieHandler(
  deps: SenderDeps,
  scope: SenderScope,
  answer: (call: OpsgenieCall) => Promise<OpsgenieAnswer>,
): Handler {
  return async (request) => {
    const requestId = deps.newId();
    const beganMs = deps.clock.nowMs();
    const given = await answering(async () => {
      const principal = deps.authenticate(requestKey(request), scope);
      if (principal === null) return refused(401, "Could not authenticate");
      return answer({ request, principal, requestId });
    });
    return enveloped(given, requestId, (deps.clock.nowMs() - beganMs) / 1000);
  };
}

/** "Will be processed": what was asked for is durable, or was not possible; see its request. */
export function accepted(): OpsgenieAnswer {
  return { status: 202, body: { result: "Request will be processed" } };
}

export function refused(status: number, message: string): OpsgenieAnswer {
  return { status, body: { message, code: status } };
}

/** @param errors what is wrong, by the name of the field. */
export function unprocessable(errors: Record<string, string>): OpsgenieAnswer {
  const message = "Request body is not processable. Please check the errors.";
  return { status: 422, body: { message, code: 422, errors } };
}

export function notSupported(what: string): OpsgenieAnswer {
  return refused(422, `${what} is not supported here`);
}

/** @param mayBeEmpty no body at all counts as {}. */
export function opsgenieBody({ body }: HttpRequest, mayBeEmpty: boolean): OpsgenieBody {
  if (mayBeEmpty && body.length === 0) return { object: {} };
  const read = readJsonObject(body);
  if (read.kind === "object") return { object: read.object };
  return { refused: refused(400, `Request body could not be read: ${read.why}`) };
}

/** Null when the alert is durable. */
export function refusalOf(result: IntakeResult): OpsgenieAnswer | null {
  switch (result.kind) {
    case "accepted": {
      const [first] = result.rejected;
      return first === undefined ? null : unprocessable({ [first.field]: first.reason });
    }
    case "malformed":
      return refused(422, result.error);
    case "overloaded": {
      const { status, retryAfterSeconds } = result;
      return { ...refused(status, result.reason), retryAfterSeconds };
    }
  }
}

async function answering(answer: () => Promise<OpsgenieAnswer>): Promise<OpsgenieAnswer> {
  try {
    return await answer();
  } catch (error) {
    if (error instanceof TerminalError) return refused(422, error.message);
    if (!(error instanceof RetryableError)) throw error;
    const after = { retryAfterSeconds: retryAfterSeconds(error) };
    if (error instanceof LimitError) return { ...refused(429, error.message), ...after };
    const why = `${error.message}; whether it took effect is unknown, repeating is safe`;
    return { ...refused(503, why), ...after };
  }
}

function enveloped(answer: OpsgenieAnswer, requestId: string, took: number): HttpResponse {
  const { status, body, retryAfterSeconds } = answer;
  const response = json(status, { ...body, took, requestId });
  const headers: Record<string, string> = {
    ...response.headers,
    "x-request-id": requestId,
    "x-ratelimit-state": status === 429 ? "THROTTLED" : "OK",
  };
  if (status === 429) {
    headers["x-ratelimit-reason"] = "ACCOUNT";
    headers["x-ratelimit-period-in-sec"] = String(retryAfterSeconds ?? 1);
  }
  if (retryAfterSeconds !== undefined) headers["retry-after"] = String(retryAfterSeconds);
  return { ...response, headers };
}
