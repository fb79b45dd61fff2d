/** `http_config` and `tls_config`: how a receiver is talked to, apart from what is said. */
import type { ConfigValue } from "../value.ts";
import {
  choice,
  field,
  flag,
  plainMap,
  readSettings,
  secret,
  text,
  textOrFile,
  texts,
  type Field,
  type Section,
  type Settings,
} from "./fields.ts";
import { readSecretFile, type Secret } from "./secret.ts";

const headersMax = 1_000;
const tlsVersions = ["TLS10", "TLS11", "TLS12", "TLS13"];
const jwtGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** Headers that the request itself determines; Alertmanager refuses them. */
const reservedHeaders = new Set([
  ...["authorization", "host", "content-encoding", "content-length", "content-type"],
  ...["user-agent", "connection", "keep-alive", "proxy-authenticate", "proxy-authorization"],
  ...["www-authenticate", "accept-encoding", "x-prometheus-remote-write-version"],
  ...["x-prometheus-remote-read-version", "x-prometheus-scrape-timeout-seconds"],
  ...["x-amz-date", "x-amz-security-token", "x-amz-content-sha256"],
]);

/** The name of a secret in a secret manager, which neither Alertmanager nor Tocsin has. */
const reference: Field<null> = field((value) => {
  if (value.scalarText("") !== "") {
    value.warn("not honoured: there is no secret manager to look this up in");
  }
  return null;
});

const tlsFields = {
  ca: textOrFile,
  ca_ref: reference,
  cert: textOrFile,
  cert_ref: reference,
  key: secret,
  key_ref: reference,
  server_name: text(),
  insecure_skip_verify: flag(false),
  /** "" for the platform's default, else TLS10 to TLS13. */
  min_version: choice(tlsVersions, ""),
  max_version: choice(tlsVersions, ""),
};
export type TlsSettings = Settings<typeof tlsFields>;

/** Null when absent. */
export const tls: Field<TlsSettings | null> = field((value, configFile) => {
  if (!value.present) return null;
  const { settings, section } = readSettings(value, tlsFields, configFile);
  const hasCert = settings.cert !== null || section("cert_ref").present;
  const hasKey = settings.key !== null || section("key_ref").present;
  if (hasCert !== hasKey) {
    const [there, missing] = hasCert ? ["certificate", "key"] : ["key", "certificate"];
    value.problem(`a client ${there} without its ${missing}, expected both or neither`);
  }
  return settings;
});

const basicAuth = optionalSection({
  username: textOrFile,
  username_ref: reference,
  password: secret,
  password_ref: reference,
});

const authorizationFields = {
  type: text(),
  credentials: secret,
  credentials_ref: reference,
};
type Authorization = { type: string; credentials: Secret | null };

const authorization: Field<Authorization | null> = field((value, configFile) => {
  if (!value.present) return null;
  const { settings, section } = readSettings(value, authorizationFields, configFile);
  const type = settings.type.trim() || "Bearer";
  if (type.toLowerCase() === "basic") section("type").problem('"basic" goes into basic_auth');
  return { type, credentials: settings.credentials };
});

const proxyUrl: Field<string> = field((value) => {
  const written = value.scalarText("");
  if (written === "" || URL.canParse(written)) return written;
  // Go takes "proxy.example" for a path, and Alertmanager starts with it.
  if (/^[^/?#]*:/.test(written)) value.problem("not a valid URL");
  else value.warn("not an http:// or https:// URL, so no request will get through");
  return written;
});

/** Values that may be secret, by header name. */
const proxyHeaders: Field<Record<string, string[]>> = field((value) =>
  Object.fromEntries(
    value.entries(headersMax).map(([name, entry]) => [name, readSecretTexts(entry)]),
  ),
);

const proxyFields = {
  proxy_url: proxyUrl,
  no_proxy: text(),
  proxy_from_environment: flag(false),
  proxy_connect_header: proxyHeaders,
};

/** Some servers take passwords as parameters. */
const secretMap: Field<Record<string, string>> = field((value) =>
  Object.fromEntries(value.entries(headersMax).map(([key, entry]) => [key, entry.secretText()])),
);

const oauth2Fields = {
  client_id: text(),
  client_secret: secret,
  client_secret_ref: reference,
  client_certificate_key_id: text(),
  client_certificate_key: secret,
  client_certificate_key_ref: reference,
  grant_type: text(),
  signature_algorithm: text(),
  iss: text(),
  audience: text(),
  claims: plainMap,
  scopes: texts,
  token_url: text(),
  endpoint_params: secretMap,
  tls_config: tls,
  ...proxyFields,
};
export type OAuth2Settings = Settings<typeof oauth2Fields>;

const oauth2: Field<OAuth2Settings | null> = field((value, configFile) => {
  if (!value.present) return null;
  const { settings, section } = readSettings(value, oauth2Fields, configFile);
  if (settings.client_id === "") section("client_id").expected("the client's id");
  if (settings.token_url === "") section("token_url").expected("the URL that hands out tokens");
  const { grant_type: grant, signature_algorithm: algorithm } = settings;
  if (grant === jwtGrant && !["", "RS256", "RS384", "RS512"].includes(algorithm)) {
    section("signature_algorithm").expected("one of RS256, RS384, RS512");
  }
  checkProxy(section, settings);
  return settings;
});

export type HttpHeader = { values: string[]; secrets: string[]; files: Secret[] };

const secretTexts: Field<string[]> = field(readSecretTexts);
const secretFiles: Field<Secret[]> = field((value, configFile) =>
  value.list(headersMax).map((item) => readSecretFile(item, configFile)),
);

export const httpHeaders: Field<Record<string, HttpHeader>> = field((value, configFile) =>
  Object.fromEntries(
    value.entries(headersMax).map(([name, entry]): [string, HttpHeader] => {
      if (reservedHeaders.has(name.toLowerCase())) entry.problem("this header cannot be set here");
      const fields = { values: texts, secrets: secretTexts, files: secretFiles };
      return [name, readSettings(entry, fields, configFile).settings];
    }),
  ),
);

const httpFields = {
  basic_auth: basicAuth,
  authorization,
  oauth2,
  bearer_token: secret,
  tls_config: tls,
  follow_redirects: flag(true),
  enable_http2: flag(true),
  http_headers: httpHeaders,
  ...proxyFields,
};
/** `bearer_token` has become an `authorization` of type Bearer. */
export type HttpSettings = Omit<Settings<typeof httpFields>, "bearer_token">;

/** Null when absent: the global one holds. */
export const http: Field<HttpSettings | null> = field((value, configFile) =>
  value.present ? readHttp(value, configFile) : null,
);

/** What holds where no `http_config` stands anywhere. */
export function readHttp(value: ConfigValue, configFile: string): HttpSettings {
  const { settings, section } = readSettings(value, httpFields, configFile);
  const { bearer_token: bearer, ...rest } = settings;
  const ways = ["basic_auth", "authorization", "oauth2"].filter((key) => section(key).present);
  if (bearer !== null) ways.push("bearer_token");
  if (ways.length > 1) {
    section(ways[1]!).problem(`${ways.join(" and ")} exclude each other, expected one of them`);
  }
  checkProxy(section, settings);
  if (bearer === null) return rest;
  return { ...rest, authorization: { type: "Bearer", credentials: bearer } };
}

function checkProxy(section: Section, settings: Settings<typeof proxyFields>): void {
  const { proxy_url: proxy, proxy_from_environment: fromEnvironment } = settings;
  const hasHeaders = Object.keys(settings.proxy_connect_header).length > 0;
  if (hasHeaders && proxy === "" && !fromEnvironment) {
    section("proxy_connect_header").problem("needs proxy_url or proxy_from_environment");
  }
  if (fromEnvironment && proxy !== "") {
    section("proxy_url").problem("cannot stand beside proxy_from_environment");
  }
  if (settings.no_proxy !== "" && (fromEnvironment || proxy === "")) {
    section("no_proxy").problem("needs proxy_url, and no proxy_from_environment");
  }
}

function readSecretTexts(value: ConfigValue): string[] {
  // What stands there instead of a list would be shown, were it not known for a secret.
  if (value.present && !value.isList()) value.secretText();
  return value.list(headersMax).map((item) => item.secretText());
}

function optionalSection<F extends Record<string, Field<unknown>>>(
  fields: F,
): Field<Settings<F> | null> {
  return field((value, configFile) =>
    value.present ? readSettings(value, fields, configFile).settings : null,
  );
}
