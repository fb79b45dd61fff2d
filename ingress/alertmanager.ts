/**
 * Alertmanager's API v2, as Prometheus and its relatives speak it: an empty 200 when every
 * alert is stored; valid alerts are stored even if others are not, and then the answer is a
 * 400 whose body is a JSON string.
 */
import { assertNever } from "../actors/incident/assert-never.ts";
import type { AlertIntake, IntakeResult } from "../runtime/services.ts";
import { type HttpRequest, type HttpResponse, type Route, json } from "./http.ts";
import {
  mediaType,
  overloaded,
  rejectionStatus,
  rejectionText,
  unsupportedType,
} from "./intake-answers.ts";

const jsonType = "application/json";

export function register(route: Route, deps: { intake: AlertIntake }): void {
  const take = (request: HttpRequest): HttpResponse | Promise<HttpResponse> => {
    const contentType = request.header("content-type");
    if (!isJson(contentType)) return unsupportedType(contentType, [jsonType]);
    return deps.intake.submit(request.body, "alertmanager", request.principal).then(answer);
  };
  route("POST", "/api/v2/alerts", take, "ingest", { headers: ["content-type"] });
}

/** What says nothing is taken to be JSON, as Alertmanager does. */
function isJson(contentType: string): boolean {
  return contentType === jsonType || contentType === "" || mediaType(contentType) === jsonType;
}

function answer(result: IntakeResult): HttpResponse {
  switch (result.kind) {
    case "accepted":
      if (result.rejected.length === 0) return { status: 200 };
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
