/** incident.io's HTTP alert sources: POST /v2/alert_events/http/{id}; 202 once it is durable. */
import { type HttpRequest, type HttpResponse, type Route, json } from "../http.ts";
import { submitOne } from "./decoded-intake.ts";
import { type IncidentIoFault, readIncidentIo } from "./incidentio-alert.ts";
import { readJsonObject } from "./json-body.ts";
import type { SenderDeps } from "./sender-deps.ts";
import { requestKey } from "./sender-key.ts";

export function registerIncidentIo(route: Route, deps: SenderDeps): void {
  route("POST", "/v2/alert_events/http/:source", (request) => taken(request, deps));
}

async function taken(request: HttpRequest, deps: SenderDeps): Promise<HttpResponse> {
  const fail = (status: number, type: string, faults: IncidentIoFault[]): HttpResponse => {
    const errors = faults.map(({ code, message, field }) =>
      field === "" ? { code, message } : { code, message, source: { field } },
    );
    return json(status, { type, status, request_id: deps.newId(), errors });
  };
  const principal = deps.authenticate(requestKey(request), "ingest");
  if (principal === null) {
    const message = "The request has no valid key.";
    return fail(401, "authentication_error", [{ field: "", code: "unauthorized", message }]);
  }
  const body = readJsonObject(request.body);
  if (body.kind === "refused") {
    const fault = { field: "", code: "invalid_json", message: body.why };
    return fail(400, "bad_request", [fault]);
  }
  const source = request.params["source"] ?? "";
  const nowMs = deps.clock.nowMs();
  const reading = readIncidentIo(body.object, source, principal, deps.newId(), nowMs);
  if (reading.kind === "refused") return fail(422, "validation_error", reading.faults);
  const result = await submitOne(deps.intake, reading.alert, "incident.io", principal);
  switch (result.kind) {
    case "accepted": {
      const [first] = result.rejected;
      if (first !== undefined) {
        const { field, reason: message } = first;
        return fail(422, "validation_error", [{ field, code: "invalid_value", message }]);
      }
      const message = "Event accepted for processing";
      return json(202, { deduplication_key: reading.key, message, status: "success" });
    }
    case "malformed":
      return fail(422, "validation_error", [
        { field: "", code: "invalid_value", message: result.error },
      ]);
    case "overloaded": {
      const type = result.status === 429 ? "too_many_requests" : "unavailable";
      const message = result.reason;
      const answer = fail(result.status, type, [{ field: "", code: type, message }]);
      const after = { "retry-after": String(result.retryAfterSeconds) };
      return { ...answer, headers: { ...answer.headers, ...after } };
    }
  }
}
