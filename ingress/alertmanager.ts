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

export function register(route: Route, deps: { intake: AlertIntake }): void {
  const take = async (request: HttpRequest): Promise<HttpResponse> => {
    const contentType = request.header("content-type");
    if (contentType !== "" && mediaType(contentType) !== "application/json") {
      return unsupportedType(contentType, ["application/json"]);
    }
    return answer(await deps.intake.submit(request.body, "alertmanager", request.principal));
  };
  route("POST", "/api/v2/alerts", take, "ingest");
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
