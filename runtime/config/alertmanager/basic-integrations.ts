/** Webhook and email: an own HTTP receiver, and a mail server. */
import type { ConfigValue } from "../value.ts";
import {
  count,
  field,
  flag,
  goDuration,
  optionalFlag,
  plain,
  readSettings,
  secret,
  secretOrElseFile,
  text,
  textMap,
  type Section,
  type Settings,
} from "./fields.ts";
import { hostPort, type HostPort } from "./host-port.ts";
import { http, tls } from "./http-config.ts";
import { checkHttpUrl } from "./http-url.ts";
import { readIntegration, required, type IntegrationContext } from "./integration-context.ts";

const webhookFields = {
  send_resolved: flag(true),
  http_config: http,
  url: secret,
  /** 0: all of a group's alerts in one message. */
  max_alerts: count,
  /** ms; 0: no limit of its own. */
  timeout: goDuration(0),
  payload: plain,
};

export type WebhookSettings = ReturnType<typeof readWebhook>;

export function readWebhook(value: ConfigValue, context: IntegrationContext) {
  const { settings, section } = readIntegration(value, webhookFields, context);
  const { url } = settings;
  required(section, "url", url !== null, "the URL to send to, or url_file");
  if (url !== null && url.file === null) checkTemplatedUrl(section, url.secretText);
  return settings;
}

/** The URL may be a template; it is known to be a URL only when a message is rendered. */
function checkTemplatedUrl(section: Section, url: string): void {
  if (url === "<secret>") return;
  if (!url.includes("{{")) {
    const problem = checkHttpUrl(url);
    if (problem !== null) section("url").problem(problem);
  } else if (!/^(?:(?!\{\{)[^]|\{\{(?:(?!\{\{|\}\})[^])+\}\})*$/.test(url)) {
    section("url").problem("a template whose {{ and }} do not match");
  }
}

const threading = field((value, configFile) => {
  const fields = { enabled: flag(false), thread_by_date: text() };
  const { settings, section } = readSettings(value, fields, configFile);
  if (settings.enabled) section("thread_by_date").choice(["none", "daily"], "none");
  const unknownDate = !["none", "daily"].includes(settings.thread_by_date);
  if (settings.enabled && unknownDate && !section("thread_by_date").present) {
    section("thread_by_date").expected("none or daily");
  }
  return settings;
});

const emailFields = {
  send_resolved: flag(false),
  to: text(),
  from: text(),
  hello: text(),
  smarthost: hostPort,
  auth_username: text(),
  auth_password: secretOrElseFile,
  auth_secret: secretOrElseFile,
  auth_identity: text(),
  headers: textMap,
  html: text('{{ template "email.default.html" . }}'),
  text: text(),
  require_tls: optionalFlag,
  tls_config: tls,
  /** Null: by the port, 465 being TLS from the start. */
  force_implicit_tls: optionalFlag,
  threading,
};

type EmailFields = Settings<typeof emailFields>;
export type EmailSettings = Omit<EmailFields, "smarthost" | "require_tls"> & {
  smarthost: HostPort;
  require_tls: boolean;
};

export function readEmail(value: ConfigValue, context: IntegrationContext): EmailSettings {
  const { global, configFile } = context;
  const { settings, section } = readSettings(value, emailFields, configFile);
  const smarthost = settings.smarthost ?? global.smtp_smarthost;
  const from = settings.from || global.smtp_from;
  required(section, "to", settings.to !== "", "the address to write to");
  required(section, "from", from !== "", "the sender's address, here or as global smtp_from");
  const server = "a mail server, here or as global smtp_smarthost";
  required(section, "smarthost", smarthost !== null, server);
  checkHeaders(section, settings);
  return {
    ...settings,
    from,
    smarthost: smarthost ?? { host: "", port: "" },
    hello: settings.hello || global.smtp_hello,
    auth_username: settings.auth_username || global.smtp_auth_username,
    auth_password: settings.auth_password ?? global.smtp_auth_password,
    auth_secret: settings.auth_secret ?? global.smtp_auth_secret,
    auth_identity: settings.auth_identity || global.smtp_auth_identity,
    require_tls: settings.require_tls ?? global.smtp_require_tls,
    tls_config: settings.tls_config ?? global.smtp_tls_config,
    force_implicit_tls: settings.force_implicit_tls ?? global.smtp_force_implicit_tls,
  };
}

function checkHeaders(section: Section, settings: EmailFields): void {
  const taken = new Set<string>();
  for (const header of Object.keys(settings.headers)) {
    const name = header.toLowerCase();
    if (taken.has(name)) section("headers").problem(`the header ${header} is there twice`);
    taken.add(name);
    if (settings.threading.enabled && ["references", "in-reply-to"].includes(name)) {
      section("headers").problem(`threading.enabled sets the header ${header} itself`);
    }
  }
}
