/**
 * POST /v1/ingest/alertmanager and /v1/ingest/grafana: webhooks of other Alertmanagers and of
 * Grafana. 200 as soon as one alert of the request is durable, with a list of those that are not.
 *
 * W1 Alertmanager repeats a webhook after a 5xx and drops it after any 4xx, a 429 included. So
 *    "too many" is a 503 here.
 */
import { LimitError, RetryableError } from "../../runtime/errors.ts";
import type { AlertOwner, IntakeResult } from "../../runtime/services.ts";
import { type HttpRequest, type HttpResponse, type Route, problem } from "../http.ts";
import { alertsAnswer } from "../native.ts";
import { submitDecoded } from "./decoded-intake.ts";
import { readJsonObject } from "./json-body.ts";
import type { SenderDeps } from "./sender-deps.ts";
import { requestKey } from "./sender-key.ts";
import { type WebhookFlavour, decodeWebhook } from "./webhook-alerts.ts";

const flavours: readonly WebhookFlavour[] = ["alertmanager", "grafana"];

export function registerWebhooks(route: Route, deps: SenderDeps): void {
  for (const flavour of flavours) {
    route("POST", `/v1/ingest/${flavour}`, (request) => taken(request, deps, flavour));
  }
}

async function taken(
  request: HttpRequest,
  deps: SenderDeps,
  flavour: WebhookFlavour,
): Promise<HttpResponse> {
  const principal = authenticated(request, deps);
  if (principal === null) return problem(401, "Unauthorized", "The request has no valid key.");
  const body = readJsonObject(request.body);
  if (body.kind === "refused") return notUnderstood(body.why);
  const decoded = decodeWebhook(body.object, flavour, principal, deps.clock.nowMs());
  if (typeof decoded === "string") return notUnderstood(decoded);
  return alertsAnswer(patient(await submitDecoded(deps.intake, decoded, flavour, principal)));
}

/** 503 where others get 429: Alertmanager drops what it gets any 4xx for. */
function authenticated(request: HttpRequest, deps: SenderDeps): AlertOwner | null {
  try {
    return deps.authenticate(requestKey(request), "ingest");
  } catch (error) {
    if (!(error instanceof LimitError)) throw error;
    const { message, retryAfterMs } = error;
    throw new RetryableError(message, { retryAfterMs: retryAfterMs ?? 1_000 });
  }
}

function patient(result: IntakeResult): IntakeResult {
  return result.kind === "overloaded" ? { ...result, status: 503 } : result;
}

function notUnderstood(why: string): HttpResponse {
  return problem(400, "Body not understood", `${why}; nothing was accepted.`);
}
