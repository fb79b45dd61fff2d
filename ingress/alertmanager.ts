/**
 * Alertmanager's API v2, as Prometheus and its relatives speak it: an empty 200 when every
 * alert is stored; valid alerts are stored even if others are not, and then the answer is a
 * 400 whose body is a JSON string.
 */
import { assertNever } from "../actors/incident/assert-never.ts";
import type { IntakeResult } from "../runtime/services.ts";
import type { CallingIntake } from "./alert-intake.ts";
import { type CallingHandler, type Handler, type HttpResponse, type Route, json } from "./http.ts";
import {
  mediaType,
  overloaded,
  rejectionStatus,
  rejectionText,
  unsupportedType,
} from "./intake-answers.ts";

const jsonType = "application/json";

export function register(route: Route, deps: { intake: CallingIntake }): void {
  const take: CallingHandler = (request, answer) => {
    const contentType = request.header("content-type");
    if (!isJson(contentType)) return answer(unsupportedType(contentType, [jsonType]));
    deps.intake.submitThen(request.body, request.principal, (result) => answer(answerTo(result)));
  };
  const handler: Handler = (request) => new Promise((resolve) => take(request, resolve));
  route("POST", "/api/v2/alerts", handler, "ingest", { headers: ["content-type"], handler: take });
}

/** What says nothing is taken to be JSON, as Alertmanager does. */
function isJson(contentType: string): boolean {
  return contentType === jsonType || contentType === "" || mediaType(contentType) === jsonType;
}

const stored: HttpResponse = { status: 200 };

function answerTo(result: IntakeResult): HttpResponse {
  switch (result.kind) {
    case "accepted":
      if (result.rejected.length === 0) return stored;
      return json(
        rejectionStatus(result.rejected, result.accepted),
        rejectionText(result.rejected),
      );
    case "malformed":
      return json(400, result.error);
    case "overloaded":
      return overloaded(result);
    default:
      return assertNever(result);
  }
}
