/** Services that wake people or keep tickets: PagerDuty, Opsgenie and their like, Jira, SNS. */
import type { ConfigValue } from "../value.ts";
import {
  choice,
  count,
  duration,
  field,
  flag,
  goDuration,
  inlineSecret,
  optionalFlag,
  plainMap,
  readSettings,
  secret,
  text,
  textMap,
  textOrFile,
  texts,
  url,
} from "./fields.ts";
import { http } from "./http-config.ts";
import { checkHttpUrl, withTrailingSlash } from "./http-url.ts";
import { readIntegration, required, type IntegrationContext } from "./integration-context.ts";

const partsMax = 1_000;

const pagerdutyFields = {
  send_resolved: flag(true),
  http_config: http,
  service_key: secret,
  routing_key: secret,
  url,
  client: text('{{ template "pagerduty.default.client" . }}'),
  client_url: text('{{ template "pagerduty.default.clientURL" . }}'),
  description: text('{{ template "pagerduty.default.description" .}}'),
  details: plainMap,
  images: field((value, configFile) => {
    const fields = { src: text(), alt: text(), href: text() };
    return value.list(partsMax).map((item) => readSettings(item, fields, configFile).settings);
  }),
  links: field((value, configFile) => {
    const fields = { href: text(), text: text() };
    return value.list(partsMax).map((item) => readSettings(item, fields, configFile).settings);
  }),
  source: text(),
  severity: text(),
  class: text(),
  component: text(),
  group: text(),
  /** ms; 0: no limit of its own. */
  timeout: goDuration(0),
};

const pagerdutyDetails = {
  firing: "{{ .Alerts.Firing | toJson }}",
  resolved: "{{ .Alerts.Resolved | toJson }}",
  num_firing: "{{ .Alerts.Firing | len }}",
  num_resolved: "{{ .Alerts.Resolved | len }}",
};

export type PagerdutySettings = ReturnType<typeof readPagerduty>;

/** A routing key speaks Events v2, a service key v1. */
export function readPagerduty(value: ConfigValue, context: IntegrationContext) {
  const { settings, section } = readIntegration(value, pagerdutyFields, context);
  const hasKey = settings.routing_key !== null || settings.service_key !== null;
  required(section, "routing_key", hasKey, "routing_key, service_key or their _file");
  return {
    ...settings,
    url: settings.url ?? context.global.pagerduty_url,
    source: settings.source || settings.client,
    details: { ...pagerdutyDetails, ...settings.details } as Record<string, unknown>,
  };
}

const responderTypes = ["team", "teams", "user", "escalation", "schedule"];

const responders = field((value, configFile) =>
  value.list(partsMax).map((item) => {
    const fields = { id: text(), name: text(), username: text(), type: text() };
    const { settings, section } = readSettings(item, fields, configFile);
    const { id, name, username } = settings;
    required(section, "name", `${id}${name}${username}` !== "", "one of id, name, username");
    const type = settings.type.includes("{{") ? settings.type : settings.type.toLowerCase();
    if (!type.includes("{{") && !responderTypes.includes(type)) {
      section("type").expected(`one of ${responderTypes.join(", ")}, or a template`);
    }
    return { ...settings, type };
  }),
);

const opsgenieFields = {
  send_resolved: flag(true),
  http_config: http,
  api_key: secret,
  api_url: url,
  message: text('{{ template "opsgenie.default.message" . }}'),
  description: text('{{ template "opsgenie.default.description" . }}'),
  source: text('{{ template "opsgenie.default.source" . }}'),
  details: textMap,
  entity: text(),
  responders,
  actions: text(),
  tags: text(),
  note: text(),
  priority: text(),
  update_alerts: flag(false),
};

export type OpsgenieSettings = ReturnType<typeof readOpsgenie>;

export function readOpsgenie(value: ConfigValue, context: IntegrationContext) {
  const { global } = context;
  const { settings, section } = readIntegration(value, opsgenieFields, context);
  const apiKey = settings.api_key ?? global.opsgenie_api_key;
  required(section, "api_key", apiKey !== null, "a key, here or as global opsgenie_api_key");
  const apiUrl = withTrailingSlash(settings.api_url ?? global.opsgenie_api_url);
  return { ...settings, api_key: apiKey, api_url: apiUrl };
}

const victoropsFields = {
  send_resolved: flag(true),
  http_config: http,
  api_key: secret,
  api_url: url,
  routing_key: text(),
  message_type: text("CRITICAL"),
  state_message: text('{{ template "victorops.default.state_message" . }}'),
  entity_display_name: text('{{ template "victorops.default.entity_display_name" . }}'),
  monitoring_tool: text('{{ template "victorops.default.monitoring_tool" . }}'),
  custom_fields: textMap,
};

const victoropsReserved = ["routing_key", "message_type", "state_message", "entity_display_name"]
  .concat(["monitoring_tool", "entity_id", "entity_state"]);

export function readVictorops(value: ConfigValue, context: IntegrationContext) {
  const { global } = context;
  const { settings, section } = readIntegration(value, victoropsFields, context);
  required(section, "routing_key", settings.routing_key !== "", "the routing key");
  const apiKey = settings.api_key ?? global.victorops_api_key;
  required(section, "api_key", apiKey !== null, "a key, here or as global victorops_api_key");
  for (const name of victoropsReserved) {
    if (!(name in settings.custom_fields)) continue;
    section("custom_fields").problem(`${name} is a field of every message, expected another name`);
  }
  const apiUrl = withTrailingSlash(settings.api_url ?? global.victorops_api_url);
  return { ...settings, api_key: apiKey, api_url: apiUrl };
}

const pushoverFields = {
  send_resolved: flag(true),
  http_config: http,
  user_key: secret,
  token: secret,
  title: text('{{ template "pushover.default.title" . }}'),
  message: text('{{ template "pushover.default.message" . }}'),
  url: text('{{ template "pushover.default.url" . }}'),
  url_title: text(),
  device: text(),
  sound: text(),
  priority: text('{{ if eq .Status "firing" }}2{{ else }}0{{ end }}'),
  retry: goDuration(60_000),
  expire: goDuration(3_600_000),
  ttl: goDuration(0),
  html: flag(false),
  monospace: flag(false),
};

export function readPushover(value: ConfigValue, context: IntegrationContext) {
  const { settings, section } = readIntegration(value, pushoverFields, context);
  required(section, "user_key", settings.user_key !== null, "the user's key, or user_key_file");
  required(section, "token", settings.token !== null, "the application's token, or token_file");
  if (settings.html && settings.monospace) {
    section("monospace").problem("cannot stand beside html, expected one of them");
  }
  return settings;
}

const incidentioFields = {
  send_resolved: flag(true),
  http_config: http,
  url: textOrFile,
  alert_source_token: secret,
  max_alerts: count,
  timeout: goDuration(0),
};

export function readIncidentio(value: ConfigValue, context: IntegrationContext) {
  const { settings, section } = readIntegration(value, incidentioFields, context);
  const { url: address, alert_source_token: token } = settings;
  required(section, "url", address !== null, "the alert source's URL, or url_file");
  const problem = address?.file === null ? checkHttpUrl(address.secretText) : null;
  if (problem !== null) section("url").problem(problem);
  const authorization = section("http_config").present && settings.http_config.authorization;
  if (authorization && token !== null) {
    section("alert_source_token").problem("cannot stand beside http_config.authorization");
  }
  const hasToken = token !== null || settings.http_config.authorization !== null;
  required(section, "alert_source_token", hasToken, "a token, or http_config.authorization");
  return settings;
}

const jiraText = (fallback: string) =>
  field((value, configFile) => {
    const fields = { template: text(fallback), enable_update: optionalFlag };
    if (!value.isMap()) return { template: value.scalarText(fallback), enable_update: null };
    return readSettings(value, fields, configFile).settings;
  });

const jiraFields = {
  send_resolved: flag(true),
  http_config: http,
  api_url: url,
  api_type: choice(["auto", "cloud", "datacenter"], "auto"),
  project: text(),
  summary: jiraText('{{ template "jira.default.summary" . }}'),
  description: jiraText('{{ template "jira.default.description" . }}'),
  labels: texts,
  priority: text('{{ template "jira.default.priority" . }}'),
  issue_type: text(),
  reopen_transition: text(),
  resolve_transition: text(),
  wont_fix_resolution: text(),
  reopen_duration: duration(0),
  fields: plainMap,
};

export function readJira(value: ConfigValue, context: IntegrationContext) {
  const { settings, section } = readIntegration(value, jiraFields, context);
  const apiUrl = settings.api_url ?? context.global.jira_api_url;
  required(section, "api_url", apiUrl !== null, "the API's URL, here or as global jira_api_url");
  required(section, "project", settings.project !== "", "the project's key");
  required(section, "issue_type", settings.issue_type !== "", "the type of issues to open");
  return { ...settings, api_url: apiUrl };
}

const sigv4 = field((value, configFile) => {
  const fields = {
    region: text(),
    access_key: text(),
    secret_key: inlineSecret,
    profile: text(),
    role_arn: text(),
    external_id: text(),
    use_fips_sts_endpoint: flag(false),
    service_name: text(),
  };
  const { settings, section } = readSettings(value, fields, configFile);
  if ((settings.access_key === "") !== (settings.secret_key === null)) {
    section("secret_key").problem("access_key and secret_key belong together");
  }
  if (settings.external_id !== "" && settings.role_arn === "") {
    section("external_id").problem("needs role_arn");
  }
  return settings;
});

const snsFields = {
  send_resolved: flag(true),
  http_config: http,
  api_url: text(),
  sigv4,
  topic_arn: text(),
  phone_number: text(),
  target_arn: text(),
  subject: text('{{ template "sns.default.subject" . }}'),
  message: text('{{ template "sns.default.message" . }}'),
  attributes: textMap,
  use_aws_http_client: flag(false),
};

export function readSns(value: ConfigValue, context: IntegrationContext) {
  const { settings, section } = readIntegration(value, snsFields, context);
  const { topic_arn: topic, phone_number: phone, target_arn: target } = settings;
  const targets = [topic, phone, target].filter((each) => each !== "").length;
  required(section, "topic_arn", targets !== 0, "one of topic_arn, target_arn, phone_number");
  if (targets === 2) {
    section("topic_arn").problem("expected only one of topic_arn, target_arn, phone_number");
  }
  if (targets === 3) section("topic_arn").warn("target_arn and phone_number are given too");
  return settings;
}
