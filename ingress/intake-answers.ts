/** What the alert routes have in common: refusals that every format words alike. */
import type { IntakeResult, RejectedAlert } from "../runtime/services.ts";
import { faultReasons } from "./alert-check.ts";
import { type HttpResponse, problem } from "./http.ts";

/** Rejected alerts that one answer lists; their number is always complete. */
export const listedRejectionsMax = 1000;

export function overloaded(result: Extract<IntakeResult, { kind: "overloaded" }>): HttpResponse {
  const title = result.status === 429 ? "Too many alerts" : "Alert log unavailable";
  const answer = problem(result.status, title, result.reason);
  return {
    ...answer,
    headers: { ...answer.headers, "retry-after": String(result.retryAfterSeconds) },
  };
}

export function unsupportedType(contentType: string, known: string[]): HttpResponse {
  const given = contentType === "" ? "no Content-Type" : `"${contentType.slice(0, 80)}"`;
  const detail = `This path takes ${known.join(", ")}; the request has ${given}.`;
  return problem(415, "Unsupported content type", detail);
}

/** The media type in lower case, without parameters. */
export function mediaType(contentType: string): string {
  const semicolon = contentType.indexOf(";");
  const type = semicolon === -1 ? contentType : contentType.slice(0, semicolon);
  return type.trim().toLowerCase();
}

/** When not all was accepted: 403 if every alert is another tenant's than the key, else 400. */
export function rejectionStatus(rejected: RejectedAlert[], accepted: number): 400 | 403 {
  const allForeign = rejected.every(({ reason }) => reason === faultReasons.otherTenant);
  return accepted === 0 && allForeign ? 403 : 400;
}

/** One line per rejected alert, for formats whose errors are text. */
export function rejectionText(rejected: RejectedAlert[]): string {
  const lines = rejected.slice(0, listedRejectionsMax).map(({ index, field, value, reason }) => {
    const place = field === "" ? `alert ${index}` : `alert ${index}, ${field}`;
    return `${place}: ${reason}${value === "" ? "" : ` (got ${value})`}`;
  });
  const unlisted = rejected.length - lines.length;
  if (unlisted > 0) lines.push(`and ${unlisted} more`);
  return lines.join("\n");
}
