/** What Node accepts as a header of an outgoing request. */
import { validateHeaderName, validateHeaderValue } from "node:http";

export function isHttpHeader(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}
