/**
 * POST /v1/alerts: the native schema (Alertmanager's alert plus "dedup_key") as JSON, NDJSON
 * or msgpack. 200 as soon as one alert was accepted, with a list of those that were not.
 */
import { assertNever } from "../actors/incident/assert-never.ts";
import type { IntakeResult } from "../runtime/services.ts";
import type { FormatIntake } from "./alert-intake.ts";
import { type HttpRequest, type HttpResponse, type Route, json, problem } from "./http.ts";
import {
  listedRejectionsMax,
  mediaType,
  overloaded,
  rejectionStatus,
  unsupportedType,
} from "./intake-answers.ts";
import { MsgpackError, msgpackToJson } from "./msgpack-to-json.ts";

const jsonTypes = ["application/json"];
const lineTypes = ["application/x-ndjson", "application/ndjson", "application/jsonl"];
const msgpackTypes = ["application/msgpack", "application/x-msgpack", "application/vnd.msgpack"];

export function register(route: Route, deps: { intake: FormatIntake }): void {
  const take = async (request: HttpRequest): Promise<HttpResponse> => {
    const result = await submit(request, deps.intake);
    return "kind" in result ? alertsAnswer(result) : result;
  };
  route("POST", "/v1/alerts", take, "ingest", { headers: ["content-type"] });
}

async function submit(
  request: HttpRequest,
  intake: FormatIntake,
): Promise<IntakeResult | HttpResponse> {
  const contentType = request.header("content-type");
  const type = mediaType(contentType);
  const { body, principal } = request;
  if (type === "" || jsonTypes.includes(type)) return intake.submit(body, "native", principal);
  if (lineTypes.includes(type)) return intake.submitLines(body, "native", principal);
  if (!msgpackTypes.includes(type)) {
    return unsupportedType(contentType, [jsonTypes[0], lineTypes[0], msgpackTypes[0]] as string[]);
  }
  try {
    return await intake.submit(Buffer.from(msgpackToJson(body)), "native", principal);
  } catch (error) {
    if (error instanceof MsgpackError) return { kind: "malformed", error: error.message };
    throw error;
  }
}

/** @returns 200 when something was accepted (or there was nothing to accept), else 400 or 403. */
export function alertsAnswer(result: IntakeResult): HttpResponse {
  switch (result.kind) {
    case "accepted": {
      const { accepted } = result;
      const rejected = result.rejected.slice(0, listedRejectionsMax);
      const counts = { accepted, rejectedTotal: result.rejected.length, rejected };
      if (accepted > 0 || rejected.length === 0) return json(200, counts);
      const detail = "None of the alerts is valid; `rejected` says what to change in each.";
      const status = rejectionStatus(result.rejected, accepted);
      return problem(status, "No valid alert", detail, counts);
    }
    case "malformed":
      return problem(400, "Body not understood", `${result.error}; nothing was accepted.`);
    case "overloaded":
      return overloaded(result);
    default:
      return assertNever(result);
  }
}
