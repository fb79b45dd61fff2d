/** Status codes with their phrases, as HTTP/1.1's first line wants them. */
import { STATUS_CODES } from "node:http";

const lines = new Map<number, string>();
for (const [code, phrase] of Object.entries(STATUS_CODES)) {
  lines.set(Number(code), `${code} ${phrase ?? ""}`);
}

export function statusLine(status: number): string {
  return lines.get(status) ?? `${status} Unknown`;
}
