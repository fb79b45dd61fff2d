/** Addresses as Alertmanager accepts them. */

/**
 * What is wrong with it, or null. Says nothing of the address itself: it may hold a secret.
 */
export function checkHttpUrl(written: string): string | null {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(written)?.[1]?.toLowerCase();
  if (scheme !== "http" && scheme !== "https") return "expected an http:// or https:// URL";
  if (!/^https?:\/\/[^/?#]+/i.test(written)) return "a URL without a host, expected one";
  const isReadable = URL.canParse(written) && !/[\0-\x20\x7f]/.test(authorityOf(written));
  if (!isReadable || /%(?![0-9a-f]{2})/i.test(written.split("?")[0]!)) return "not a valid URL";
  return /[\0-\x1f\x7f]/.test(written) ? "a URL with control characters" : null;
}

/** Some APIs are addressed below a path that has to end with a slash. */
export function withTrailingSlash(url: string): string {
  const [, base, rest] = /^([^?#]*)([^]*)$/.exec(url)!;
  return base!.endsWith("/") ? url : `${base}/${rest}`;
}

/** A password within a URL is nobody's business. */
export function withoutPassword(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/[^/?#:@]*):[^/?#@]*@/i, "$1:xxxxx@");
}

function authorityOf(url: string): string {
  return /^[^:]*:\/\/([^/?#]*)/.exec(url)?.[1] ?? "";
}
