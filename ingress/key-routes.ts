/**
 * API keys over HTTP: /v1/keys, for holders of the scope admin. A key's text is in the answer to
 * its creation or rotation, and nowhere else ever.
 */
import { type ApiKey, type KeyWish, hasEnded, nameCharsMax, scopes } from "../runtime/api-keys.ts";
import { formatRate, parseRate } from "../runtime/config/rates.ts";
import { parseDuration } from "../runtime/config/units.ts";
import { TerminalError } from "../runtime/errors.ts";
import type { Logger } from "../runtime/ports.ts";
import type { ApiKeys, NewKey } from "../runtime/services.ts";
import { type HttpRequest, type HttpResponse, type Route, json, problem } from "./http.ts";
import { BodyReader, openBody } from "./incident-body.ts";
import { refuse, shown } from "./incident-refusals.ts";

export type KeyRouteDeps = { keys: ApiKeys; nowMs(): number; log: Logger };

const dayMs = 24 * 3_600_000;
const expiryMsMax = 3_650 * dayMs;
const overlapMsMax = 90 * dayMs;
const overlapMsDefault = dayMs;
const tenantCharsMax = 200;

export function registerKeys(route: Route, deps: KeyRouteDeps): void {
  const list = (): HttpResponse =>
    json(200, { items: deps.keys.list().map((key) => viewOf(key, deps.nowMs())) });
  route("GET", "/v1/keys", list, "admin");
  const at = (handler: typeof created) => async (request: HttpRequest) => {
    try {
      return await handler(request, deps);
    } catch (error) {
      if (error instanceof TerminalError) return problem(409, "Refused", error.message);
      throw error;
    }
  };
  route("POST", "/v1/keys", at(created), "admin");
  route("POST", "/v1/keys/:id/rotate", at(rotated), "admin");
  route("DELETE", "/v1/keys/:id", at(revoked), "admin");
}

async function created(request: HttpRequest, deps: KeyRouteDeps): Promise<HttpResponse> {
  const body = openBody(request);
  if (body.kind === "refused") return body.response;
  const { reader } = body;
  const wish = readWish(reader, deps.nowMs());
  const faults = reader.finish();
  if (faults.length > 0) return refuse("field", faults);
  const made = await deps.keys.create(wish);
  note(deps, request, made.key.id, "an API key was created");
  return withText(201, made, deps.nowMs());
}

async function rotated(request: HttpRequest, deps: KeyRouteDeps): Promise<HttpResponse> {
  const id = request.params["id"] ?? "";
  const isEmpty = request.body.length === 0;
  const body = isEmpty ? { reader: new BodyReader({}), kind: "read" as const } : openBody(request);
  if (body.kind === "refused") return body.response;
  const overlapMs = readSpan(body.reader, "overlap", overlapMsMax) ?? overlapMsDefault;
  const faults = body.reader.finish();
  if (faults.length > 0) return refuse("field", faults);
  const made = await deps.keys.rotate(id, overlapMs);
  if (made === null) return noKey(id, "in force");
  note(deps, request, id, "an API key was rotated");
  return withText(200, made, deps.nowMs());
}

async function revoked(request: HttpRequest, deps: KeyRouteDeps): Promise<HttpResponse> {
  const id = request.params["id"] ?? "";
  const key = await deps.keys.revoke(id);
  if (key === null) return noKey(id, "known");
  note(deps, request, id, "an API key was revoked");
  return json(200, viewOf(key, deps.nowMs()));
}

function note({ log }: KeyRouteDeps, { principal }: HttpRequest, key: string, what: string): void {
  log.info({ key, by: principal?.keyId ?? "anyone" }, what);
}

/** What a body asks for; meaningful only when the reader has no faults. */
function readWish(reader: BodyReader, nowMs: number): KeyWish {
  const name = reader.requiredText("name", nameCharsMax);
  const allowed = reader.choices("scopes", scopes) ?? [];
  if (allowed.length === 0 && !reader.faults.some((one) => one.name === "scopes")) {
    const expected = `a list of some of ${scopes.join(", ")}`;
    reader.faults.push({ name: "scopes", value: "nothing", expected });
  }
  const tenant = reader.text("tenant", tenantCharsMax);
  if (tenant !== null && allowed.includes("admin")) {
    const expected = "no tenant beside the scope admin, which is over all tenants";
    reader.faults.push({ name: "tenant", value: shown(tenant), expected });
  }
  const service = reader.text("service", tenantCharsMax);
  const rate = reader.text("rate", 20);
  const alertsPerSecond = rate === null ? null : parseRate(rate);
  if (rate !== null && alertsPerSecond === null) {
    const expected = "alerts per time, such as 500/s or 600/m";
    reader.faults.push({ name: "rate", value: shown(rate), expected });
  }
  const expiresInMs = readSpan(reader, "expires_in", expiryMsMax);
  const expiresAtMs = expiresInMs === null ? null : nowMs + expiresInMs;
  return { name, scopes: allowed, tenant, service, alertsPerSecond, expiresAtMs };
}

/** A duration; null when absent. */
function readSpan(reader: BodyReader, name: string, msMax: number): number | null {
  const text = reader.text(name, 40);
  if (text === null) return null;
  const ms = parseDuration(text);
  if (ms !== null && ms <= msMax && (ms > 0 || name === "overlap")) return ms;
  const expected = `a duration such as 24h or 90d, at most ${msMax / dayMs}d`;
  reader.faults.push({ name, value: shown(text), expected });
  return null;
}

function noKey(id: string, state: string): HttpResponse {
  const detail = `no API key ${shown(id)} is ${state}; GET /v1/keys lists them`;
  return problem(404, "No such API key", detail, { error: detail });
}

function withText(status: number, { key, text }: NewKey, nowMs: number): HttpResponse {
  const answer = json(status, { ...viewOf(key, nowMs), key: text });
  return { ...answer, headers: { ...answer.headers, "cache-control": "no-store" } };
}

/** A key as anybody with the scope admin may see it: neither secrets nor their hashes. */
function viewOf(key: ApiKey, nowMs: number): object {
  const time = (ms: number | null): string | null =>
    ms === null ? null : new Date(ms).toISOString();
  const overlapUntilMs = key.secrets.find(({ untilMs }) => (untilMs ?? 0) > nowMs)?.untilMs ?? null;
  const ended = key.revokedAtMs === null ? "expired" : "revoked";
  return {
    id: key.id,
    name: key.name,
    state: hasEnded(key, nowMs) ? ended : "valid",
    scopes: key.scopes,
    tenant: key.tenant,
    service: key.service,
    rate: key.alertsPerSecond === null ? null : formatRate(key.alertsPerSecond),
    created_at: time(key.createdAtMs),
    expires_at: time(key.expiresAtMs),
    revoked_at: time(key.revokedAtMs),
    old_secret_until: time(overlapUntilMs),
  };
}
