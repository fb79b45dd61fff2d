/**
 * POST /v1/events: CloudEvents 1.0 over HTTP, told apart by content type: a batch, a structured
 * event, or (any JSON type with ce- headers) a binary one. Answers as /v1/alerts does; `index`
 * counts events. OPTIONS answers the webhook handshake.
 */
import type { FormatIntake } from "./alert-intake.ts";
import { alertsPerRequestMax } from "./alert-limits.ts";
import { alertsOfEvents, isJsonType } from "./cloudevents-alerts.ts";
import { type HttpRequest, type HttpResponse, type Route, problem } from "./http.ts";
import { mediaType, unsupportedType } from "./intake-answers.ts";
import { jsonFault } from "./json-check.ts";
import { alertsAnswer } from "./native.ts";
import { submitDecoded } from "./senders/decoded-intake.ts";

const batchType = "application/cloudevents-batch+json";
const structuredType = "application/cloudevents+json";
/** Attributes that the mapping to alerts can use, as headers. */
const attributes = ["specversion", "id", "source", "type", "subject", "time"];

export function register(route: Route, deps: { intake: FormatIntake }): void {
  const take = async (request: HttpRequest): Promise<HttpResponse> => {
    const events = eventsOf(request);
    if (!Array.isArray(events)) return events;
    if (events.length > alertsPerRequestMax) {
      return notUnderstood(`more than ${alertsPerRequestMax} events in one request; split it`);
    }
    const decoded = alertsOfEvents(events);
    const { principal } = request;
    return alertsAnswer(await submitDecoded(deps.intake, decoded, "cloudevents", principal));
  };
  route("POST", "/v1/events", take, "ingest");
  route("OPTIONS", "/v1/events", handshake);
}

/** The request's events in structured form, or the refusal of the whole request. */
function eventsOf(request: HttpRequest): unknown[] | HttpResponse {
  const contentType = request.header("content-type");
  const type = mediaType(contentType);
  if (type === batchType) {
    const events = parsed(request.body);
    if (events.kind === "refused") return events.response;
    return Array.isArray(events.value)
      ? events.value
      : notUnderstood("a batch must be a JSON array of events");
  }
  if (type === structuredType) {
    const event = parsed(request.body);
    return event.kind === "refused" ? event.response : [event.value];
  }
  const isBinary = request.header("ce-specversion") !== "" && (type === "" || isJsonType(type));
  if (!isBinary || type.startsWith("application/cloudevents")) {
    const known = [structuredType, batchType, "application/json with ce- headers"];
    return unsupportedType(contentType, known);
  }
  return binaryEvent(request);
}

function binaryEvent(request: HttpRequest): unknown[] | HttpResponse {
  if (request.header("ce-datacontenttype") !== "") {
    return notUnderstood("ce-datacontenttype is not allowed; Content-Type says it");
  }
  const event: Record<string, unknown> = {};
  for (const name of attributes) {
    const header = request.header(`ce-${name}`);
    if (header === "") continue;
    const value = attributeValue(header);
    if (value === null) return notUnderstood(`header ce-${name} is not percent-encoded UTF-8`);
    event[name] = value;
  }
  if (request.body.length > 0) {
    const data = parsed(request.body);
    if (data.kind === "refused") return data.response;
    event["data"] = data.value;
  }
  return [event];
}

/** Undoes quotes, then percent-encoding, once. @returns null when it is not UTF-8. */
function attributeValue(header: string): string | null {
  const quoted = /^"(.*)"$/.exec(header)?.[1];
  const plain = quoted === undefined ? header : quoted.replace(/\\(.)/g, "$1");
  try {
    return decodeURIComponent(plain);
  } catch {
    return null;
  }
}

type Parsed = { kind: "value"; value: unknown } | { kind: "refused"; response: HttpResponse };

function parsed(body: Buffer): Parsed {
  const fault = jsonFault(body);
  if (fault !== null) return { kind: "refused", response: notUnderstood(fault) };
  return { kind: "value", value: JSON.parse(body.toString()) as unknown };
}

function notUnderstood(what: string): HttpResponse {
  return problem(400, "Body not understood", `${what}; nothing was accepted.`);
}

/** The CloudEvents webhook validation: any origin may send, at any rate. */
function handshake(request: HttpRequest): HttpResponse {
  const headers: Record<string, string> = { allow: "OPTIONS, POST" };
  const origin = request.header("webhook-request-origin");
  if (origin !== "") {
    headers["webhook-allowed-origin"] = origin;
    headers["webhook-allowed-rate"] = "*";
  }
  return { status: 200, headers };
}
