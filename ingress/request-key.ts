/** Where a request has its API key: in X-Api-Key, or in Authorization by one of several schemes. */
import type { HttpRequest } from "./http.ts";

/** Bearer as most have it, GenieKey as Opsgenie's clients do. */
const schemePattern = /^(?:bearer|geniekey)\s+(\S+)$/i;
const basicPattern = /^basic\s+([A-Za-z0-9+/=_-]+)$/i;

/** Where `keyHeader` looks. */
export const keyHeaderNames = ["x-api-key", "authorization"] as const;

/** The header that has the key, as it came; "" when there is none. */
export function keyHeader(request: Pick<HttpRequest, "header">): string {
  const [first, second] = keyHeaderNames;
  return request.header(first) || request.header(second);
}

/** The key in a header; of Basic the password, whoever the user is. "" when there is none. */
export function keyInHeader(header: string): string {
  const text = header.trim();
  const key = schemePattern.exec(text)?.[1];
  if (key !== undefined) return key;
  const basic = basicPattern.exec(text)?.[1];
  if (basic === undefined) return text;
  const pair = Buffer.from(basic, "base64").toString();
  const colon = pair.indexOf(":");
  return colon === -1 ? "" : pair.slice(colon + 1);
}
