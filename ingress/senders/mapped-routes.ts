/**
 * POST /v1/ingest/{source}: JSON of any shape, read by the rules of the configuration. Answers as
 * POST /v1/alerts does: 200 as soon as one alert is durable, with a list of what was refused.
 */
import type { SourceMapping } from "../../runtime/config/sources.ts";
import { type HttpRequest, type HttpResponse, type Route, problem } from "../http.ts";
import { alertsAnswer } from "../native.ts";
import { submitDecoded } from "./decoded-intake.ts";
import { readJson } from "./json-body.ts";
import { decodeMapped } from "./mapped-alerts.ts";
import type { SenderDeps } from "./sender-deps.ts";
import { requestKey } from "./sender-key.ts";

export function registerMapped(route: Route, deps: SenderDeps): void {
  const byName = new Map(deps.sources.map((source) => [source.name, source]));
  route("POST", "/v1/ingest/:source", (request) => taken(request, deps, byName));
}

async function taken(
  request: HttpRequest,
  deps: SenderDeps,
  byName: ReadonlyMap<string, SourceMapping>,
): Promise<HttpResponse> {
  const principal = deps.authenticate(requestKey(request), "ingest");
  if (principal === null) return problem(401, "Unauthorized", "The request has no valid key.");
  const name = request.params["source"] ?? "";
  const source = byName.get(name);
  if (source === undefined) {
    const detail = `There is no source "${name.slice(0, 80)}" in the configuration (sources).`;
    return problem(404, "No such source", detail);
  }
  const body = readJson(request.body);
  if (body.kind === "refused") return notUnderstood(body.why);
  const decoded = decodeMapped(body.value, source, principal, deps.clock.nowMs());
  if (typeof decoded === "string") return notUnderstood(decoded);
  return alertsAnswer(await submitDecoded(deps.intake, decoded, name, principal));
}

function notUnderstood(why: string): HttpResponse {
  return problem(400, "Body not understood", `${why}; nothing was accepted.`);
}
