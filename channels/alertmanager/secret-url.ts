/** Addresses that are secrets themselves, as those of incoming webhooks. */
import { checkHttpUrl } from "../../runtime/config/alertmanager/http-url.ts";
import type { Secret } from "../../runtime/config/alertmanager/secret.ts";
import { TerminalError } from "../../runtime/errors.ts";
import type { Attempt } from "./attempt.ts";

/**
 * @param setting its name, for errors.
 * @throws TerminalError for what is no http(s) URL, RetryableError for an unreadable file.
 */
export async function secretHttpUrl(
  setting: string,
  secret: Secret | null,
  attempt: Attempt,
): Promise<URL> {
  const written = secret === null ? "" : await attempt.secrets.read(secret);
  return httpUrl(setting, await attempt.render(setting, written), attempt);
}

/** @throws TerminalError that does not show the address. */
export function httpUrl(setting: string, written: string, attempt: Attempt): URL {
  const text = written.trim();
  attempt.secrets.hide(text);
  const problem = text === "" ? "is empty, expected a URL" : checkHttpUrl(text);
  if (problem !== null) throw new TerminalError(`${setting}: ${problem}`);
  return new URL(text);
}
