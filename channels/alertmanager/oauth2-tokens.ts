/**
 * Access tokens by OAuth 2.0's client credentials grant (RFC 6749, 4.4), kept until shortly
 * before they end. A changed setting is another key, so it never meets an old token.
 */
import { createHash } from "node:crypto";
import type { OAuth2Settings } from "../../runtime/config/alertmanager/http-config.ts";
import { RetryableError, TerminalError } from "../../runtime/errors.ts";
import type { Attempt } from "./attempt.ts";
import { basicAuthorization } from "./http-client.ts";
import { explain } from "./http-outcome.ts";
import { proxyFor } from "./http-proxy.ts";
import { exchange, tlsOptions } from "./http-request.ts";
import type { HttpAnswer, TlsOptions } from "./http-request.ts";

/** A token is not used in its last moments. */
const marginMs = 10_000;
/** Life of a token whose issuer does not tell. */
const lifeMsDefault = 3_600_000;
const tokensMax = 1_000;

export class OAuth2Tokens {
  #tokens = new Map<string, { token: string; endsAtMs: number }>();

  /** @throws TerminalError when the issuer refuses, RetryableError when it is out of reach. */
  async token(settings: OAuth2Settings, attempt: Attempt): Promise<string> {
    const { secrets, context } = attempt;
    if (settings.grant_type !== "" && settings.grant_type !== "client_credentials") {
      throw new TerminalError(
        `http_config.oauth2.grant_type: got ${settings.grant_type}, expected client_credentials`,
      );
    }
    const secret =
      settings.client_secret === null ? "" : await secrets.read(settings.client_secret);
    const identity = JSON.stringify([settings, secret]);
    const key = createHash("sha256").update(identity).digest("hex");
    const known = this.#tokens.get(key);
    if (known !== undefined && known.endsAtMs > context.clock.nowMs()) {
      secrets.hide(known.token);
      return known.token;
    }
    const fresh = await fetchToken(settings, secret, attempt);
    if (this.#tokens.size >= tokensMax) this.#tokens.clear();
    this.#tokens.set(key, fresh);
    return fresh.token;
  }

  /** After an answer of 401: all tokens are asked for again. */
  forget(): void {
    this.#tokens.clear();
  }
}

async function fetchToken(
  settings: OAuth2Settings,
  secret: string,
  attempt: Attempt,
): Promise<{ token: string; endsAtMs: number }> {
  if (!URL.canParse(settings.token_url)) {
    throw new TerminalError("http_config.oauth2.token_url: not a valid URL");
  }
  const form = new URLSearchParams({ grant_type: "client_credentials" });
  if (settings.scopes.length > 0) form.set("scope", settings.scopes.join(" "));
  for (const [name, value] of Object.entries(settings.endpoint_params)) {
    // Some issuers take passwords here, and repeat what they refuse.
    attempt.secrets.hide(value);
    form.append(name, value);
  }
  const tls = await tlsOptions(settings.tls_config, attempt);
  let answer = await ask(settings, form, tls, attempt, {
    authorization: basicAuthorization(
      encodeURIComponent(settings.client_id),
      encodeURIComponent(secret),
      attempt,
    ),
  });
  if (answer.status === 400 || answer.status === 401) {
    // Some issuers want the credentials in the form; there is no way to know but to try.
    form.set("client_id", settings.client_id);
    if (secret !== "") form.set("client_secret", secret);
    answer = await ask(settings, form, tls, attempt, {});
  }
  return readToken(answer, attempt);
}

function ask(
  settings: OAuth2Settings,
  form: URLSearchParams,
  tls: TlsOptions,
  attempt: Attempt,
  headers: Record<string, string>,
): Promise<HttpAnswer> {
  const url = new URL(settings.token_url);
  const type = "application/x-www-form-urlencoded";
  const general = { "user-agent": attempt.context.userAgent, accept: "application/json" };
  const body = Buffer.from(form.toString());
  const all = { ...general, "content-type": type, ...headers };
  const route = { tls, proxy: proxyFor(url, settings, attempt) };
  return exchange({ method: "POST", url, headers: all, body }, route, attempt, true);
}

function readToken(answer: HttpAnswer, attempt: Attempt): { token: string; endsAtMs: number } {
  const { status } = answer;
  if (status < 200 || status >= 300) {
    const Kind = status >= 500 || status === 429 ? RetryableError : TerminalError;
    throw new Kind(`http_config.oauth2: the token was refused: ${explain(answer)}`);
  }
  let said: unknown;
  try {
    said = JSON.parse(answer.body);
  } catch {
    throw new RetryableError("http_config.oauth2: the token's answer is not JSON");
  }
  const fields = (said ?? {}) as { access_token?: unknown; expires_in?: unknown };
  if (typeof fields.access_token !== "string" || fields.access_token === "") {
    throw new RetryableError("http_config.oauth2: the token's answer has no access_token");
  }
  attempt.secrets.hide(fields.access_token);
  const seconds = Number(fields.expires_in);
  const lifeMs = Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : lifeMsDefault;
  const endsAtMs = attempt.context.clock.nowMs() + lifeMs - marginMs;
  return { token: fields.access_token, endsAtMs };
}
