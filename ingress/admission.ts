/**
 * Who may do what: finds a request's key, checks it against the route's scope, and counts it
 * against the key's limits. It runs before a body is read; without it (`auth.mode: none`) a server
 * does none of this.
 *
 * A1 A key is hashed once: what was found is remembered by the header's very text, and stands
 *    for as long as the ring holds the same record of the key and the secret's time has not come.
 * A2 Only valid keys are remembered, so strangers cannot push them out.
 * A3 Neither keys nor headers get into an answer, a log or a metric; ids do.
 */
import type { ApiKey, KeyCheck, Scope } from "../runtime/api-keys.ts";
import type { KeyRing } from "../runtime/key-ring.ts";
import { type RateLimits, RateTable } from "../runtime/rate-limits.ts";
import { RecentMap } from "../runtime/recent-map.ts";
import {
  type Access,
  type HttpRequest,
  type HttpResponse,
  type Principal,
  problem,
} from "./http.ts";
import { KeyQuota, RateRefusals, type UsedUp } from "./key-quota.ts";
import { keyHeader, keyInHeader } from "./request-key.ts";

export type AdmissionOptions = {
  ring: KeyRing;
  limits: RateLimits;
  /** The process's buckets (rateMemory). */
  rates: SharedArrayBuffer;
  nowMs(): number;
  /** A clock that never steps back and is the same in all threads, ms. */
  clockMs(): number;
};

/** The answer to a request that its key does not admit, or whom it speaks for. */
export type Admitted =
  | { kind: "admitted"; principal: Principal }
  | { kind: "refused"; answer: HttpResponse };

type Holder = { admitted: Admitted; key: ApiKey; quota: KeyQuota; untilMs: number };
type Found = Holder | Exclude<KeyCheck["kind"], "valid">;

const holdersMax = 2_000;
/** Longer headers are no keys. */
const headerCharsMax = 1_000;

export class Admission {
  /** Requests refused for a limit since the start. */
  readonly refusals = new RateRefusals();

  private readonly options: AdmissionOptions;
  private readonly table: RateTable;
  private readonly holders = new RecentMap<Holder>(holdersMax);

  constructor(options: AdmissionOptions) {
    this.options = options;
    this.table = new RateTable(options.rates);
  }

  /** Notes in the request whom it speaks for. @returns the refusal, or null: go on. */
  admit(request: HttpRequest, access: Access): HttpResponse | null {
    if (access === "open") return null;
    const scope = typeof access === "object" ? access.scope : access;
    const byTenant = typeof access === "object" || access === "ingest";
    const found = this.check(keyHeader(request), scope, byTenant);
    if (found.kind === "refused") return found.answer;
    request.principal = found.principal;
    return null;
  }

  /**
   * @param text a key, or the header that has it; "": there is none.
   * @param byTenant whether what is asked for is separated by tenant: if not, it is not for keys
   *   of one tenant.
   */
  check(text: string, scope: Scope, byTenant: boolean): Admitted {
    if (text === "") return refused(unauthorized("missing"));
    const found = this.find(text);
    if (typeof found === "string") return refused(unauthorized(found));
    const { key, quota } = found;
    if (!key.scopes.includes(scope)) return refused(forbidden(key, scope));
    if (key.tenant !== null && !byTenant) return refused(notSeparated(key));
    const usedUp = quota.takeRequest(scope === "ingest");
    return usedUp === null ? found.admitted : refused(rateLimited(key, usedUp));
  }

  private find(text: string): Found {
    if (text.length > headerCharsMax) return "unknown";
    const nowMs = this.options.nowMs();
    const { ring } = this.options;
    const known = this.holders.get(text);
    if (known !== undefined && ring.holds(known.key) && nowMs < known.untilMs) return known;
    const check = ring.check(keyInHeader(text), nowMs);
    if (check.kind !== "valid") return check.kind;
    const holder = this.holderOf(check.key, check.untilMs);
    this.holders.set(text, holder);
    return holder;
  }

  private holderOf(key: ApiKey, untilMs: number): Holder {
    const { table, refusals } = this;
    const { limits, clockMs } = this.options;
    const quota = new KeyQuota(key, { table, limits, refusals, clockMs });
    const principal: Principal = {
      keyId: key.id,
      tenant: key.tenant,
      service: key.service,
      takeAlerts: (count) => quota.takeAlerts(count)?.retryAfterSeconds ?? null,
    };
    return { admitted: { kind: "admitted", principal }, key, quota, untilMs };
  }
}

function refused(answer: HttpResponse): Admitted {
  return { kind: "refused", answer };
}

const challenge = 'Bearer realm="tocsin"';
const refusedKeys = {
  missing: "This path needs an API key: send it as Authorization: Bearer, or as X-Api-Key",
  unknown: "The API key is not known; it may be mistyped, or rotated and no longer valid",
  expired: "The API key has expired; rotate it in time, or create another",
  revoked: "The API key has been revoked; create another",
} as const;

function unauthorized(why: keyof typeof refusedKeys): HttpResponse {
  const error = refusedKeys[why];
  const answer = problem(401, "Unauthorized", `${error}.`, { error });
  const told = why === "missing" ? challenge : `${challenge}, error="invalid_token"`;
  return { ...answer, headers: { ...answer.headers, "www-authenticate": told } };
}

function forbidden({ id, scopes }: ApiKey, missing: Scope): HttpResponse {
  const error = `API key ${id} lacks the scope ${missing}; it has ${scopes.join(", ")}`;
  return problem(403, "Forbidden", `${error}.`, { error, missing_scope: missing });
}

function notSeparated({ id, tenant }: ApiKey): HttpResponse {
  const error = `API key ${id} is of tenant ${tenant}, and this path is not separated by tenant`;
  return problem(403, "Forbidden", `${error}; use a key without a tenant.`, { error });
}

function rateLimited({ id }: ApiKey, { limit, retryAfterSeconds }: UsedUp): HttpResponse {
  const error = `the limit ${limit} of API key ${id} is used up`;
  const detail = `${error}; try again in ${retryAfterSeconds} s.`;
  const answer = problem(429, "Rate limited", detail, { error, limit });
  return { ...answer, headers: { ...answer.headers, "retry-after": String(retryAfterSeconds) } };
}
