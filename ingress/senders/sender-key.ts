/** The key of a request, where senders put it: in a header or in the query. */
import type { HttpRequest } from "../http.ts";

const schemes = /^(?:bearer|geniekey|token)\s+(?:token=)?"?([^"\s]+)"?$/i;
const basic = /^basic\s+([A-Za-z0-9+/=_-]+)$/i;

/** @returns "" when there is none. */
export function requestKey(request: HttpRequest): string {
  const header = request.header("authorization").trim();
  const scheme = schemes.exec(header)?.[1];
  if (scheme !== undefined) return scheme;
  const encoded = basic.exec(header)?.[1];
  if (encoded !== undefined) return basicKey(encoded);
  const { query } = request;
  return request.header("x-api-key") || query.get("apiKey") || query.get("token") || "";
}

/** The password; Opsgenie's clients put the key before the colon, or without one. */
function basicKey(encoded: string): string {
  const text = Buffer.from(encoded, "base64").toString();
  const colon = text.indexOf(":");
  if (colon === -1) return text;
  return text.slice(colon + 1) || text.slice(0, colon);
}
