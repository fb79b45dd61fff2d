/** One request to POST /v1/alerts and what came of it. */
import { explain, isBusy } from "./api.ts";
import type { Api } from "./api.ts";

export type PostResult =
  | { kind: "answered"; accepted: number; rejected: Rejection[] }
  /** The server has too much to do, or its log is away; repeating is safe. */
  | { kind: "busy"; retryAfterMs: number; reason: string };

/** `index` is the alert's place in the request, from 0. */
export type Rejection = { index: number; reason: string };

/** Alerts of one request. */
export const alertsPerPostMax = 500;

/**
 * @param alerts JSON objects, already serialised.
 * @throws CommandFailure when nothing answered.
 */
export async function postAlerts(
  api: Api,
  alerts: string[],
  signal?: AbortSignal,
): Promise<PostResult> {
  const bodyText = `[${alerts.join(",")}]`;
  const answer = await api.once({ method: "POST", path: "/v1/alerts", bodyText }, signal);
  const { status, retryAfterMs } = answer;
  if (isBusy(status)) {
    return { kind: "busy", retryAfterMs, reason: explain(answer, api.baseUrl) };
  }
  const rejected = rejectionsIn(answer.body);
  if (status >= 200 && status < 300) {
    return { kind: "answered", accepted: acceptedIn(answer.body, alerts, rejected), rejected };
  }
  if (rejected.length > 0) return { kind: "answered", accepted: 0, rejected };
  const reason = explain(answer, api.baseUrl);
  const all = alerts.map((_, index) => ({ index, reason }));
  return { kind: "answered", accepted: 0, rejected: all };
}

function acceptedIn(body: unknown, alerts: string[], rejected: Rejection[]): number {
  const accepted = isRecord(body) ? body["accepted"] : undefined;
  return typeof accepted === "number" ? accepted : alerts.length - rejected.length;
}

function rejectionsIn(body: unknown): Rejection[] {
  const list = isRecord(body) ? body["rejected"] : undefined;
  if (!Array.isArray(list)) return [];
  return list.filter(isRecord).map((one) => ({
    index: typeof one["index"] === "number" ? one["index"] : 0,
    reason: describe(one),
  }));
}

function describe({ reason, field, value }: Record<string, unknown>): string {
  const why = typeof reason === "string" ? reason : "rejected";
  if (typeof field !== "string" || field === "") return why;
  const got = typeof value === "string" && value !== "" ? ` (got ${value})` : "";
  return `${field}: ${why}${got}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
