/** Addresses that are secrets themselves, as those of incoming webhooks. */
import { checkHttpUrl } from "../../runtime/config/alertmanager/http-url.ts";
import { TerminalError } from "../../runtime/errors.ts";
import type { Attempt } from "./attempt.ts";

/**
 * @param setting its name, for errors.
 * @throws TerminalError for what is no http(s) URL, RetryableError for an unreadable file.
 */
export async function secretHttpUrl(
  setting: string,
  secret: { secretText: string | null; file: string | null } | null,
  attempt: Attempt,
): Promise<URL> {
  const { secretText, file } = secret ?? { secretText: null, file: null };
  const written = await attempt.secrets.read({ secretText: secretText ?? "", file });
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
