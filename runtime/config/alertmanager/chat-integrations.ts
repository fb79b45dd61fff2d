/** Slack, and what is built like it: Rocket.Chat and Mattermost. */
import type { ConfigValue } from "../value.ts";
import {
  field,
  flag,
  goDuration,
  optionalFlag,
  readSettings,
  secret,
  secretUrl,
  text,
  texts,
  url,
  type Field,
  type Section,
} from "./fields.ts";
import { http, type HttpSettings } from "./http-config.ts";
import { readIntegration, required, type IntegrationContext } from "./integration-context.ts";
import type { Secret } from "./secret.ts";

const partsMax = 1_000;
const slackMessageUrl = "https://slack.com/api/chat.postMessage";

/** A list of small tables, each checked by itself. */
function parts<T>(read: (value: ConfigValue, configFile: string) => T): Field<T[]> {
  return field((value, configFile) => value.list(partsMax).map((item) => read(item, configFile)));
}

const titledFields = parts((value, configFile) => {
  const fields = { title: text(), value: text(), short: optionalFlag };
  const { settings, section } = readSettings(value, fields, configFile);
  required(section, "title", settings.title !== "", "the field's title");
  required(section, "value", settings.value !== "", "the field's value");
  return settings;
});

const confirmation = field((value, configFile) => {
  if (!value.present) return null;
  const fields = { text: text(), title: text(), ok_text: text(), dismiss_text: text() };
  const { settings, section } = readSettings(value, fields, configFile);
  required(section, "text", settings.text !== "", "the question to confirm");
  return settings;
});

const slackActions = parts((value, configFile) => {
  const fields = {
    type: text(),
    text: text(),
    url: text(),
    style: text(),
    name: text(),
    value: text(),
    confirm: confirmation,
  };
  const { settings, section } = readSettings(value, fields, configFile);
  required(section, "type", settings.type !== "", "the action's type, such as button");
  required(section, "text", settings.text !== "", "the action's text");
  const hasTarget = settings.url !== "" || settings.name !== "";
  required(section, "url", hasTarget, "the action's url or name");
  // A link is a link and nothing besides.
  return settings.url === "" ? settings : { ...settings, name: "", value: "", confirm: null };
});

const slackFields = {
  send_resolved: flag(false),
  http_config: http,
  api_url: secretUrl,
  app_token: secret,
  app_url: url,
  channel: text(),
  username: text('{{ template "slack.default.username" . }}'),
  color: text('{{ template "slack.default.color" . }}'),
  title: text('{{ template "slack.default.title" . }}'),
  title_link: text('{{ template "slack.default.titlelink" . }}'),
  pretext: text('{{ template "slack.default.pretext" . }}'),
  text: text('{{ template "slack.default.text" . }}'),
  message_text: text(),
  fields: titledFields,
  short_fields: flag(false),
  footer: text('{{ template "slack.default.footer" . }}'),
  fallback: text('{{ template "slack.default.fallback" . }}'),
  callback_id: text('{{ template "slack.default.callbackid" . }}'),
  icon_emoji: text('{{ template "slack.default.iconemoji" . }}'),
  icon_url: text('{{ template "slack.default.iconurl" . }}'),
  image_url: text(),
  thumb_url: text(),
  link_names: flag(false),
  mrkdwn_in: texts,
  actions: slackActions,
  update_message: flag(false),
  /** ms; 0: no limit of its own. */
  timeout: goDuration(0),
};

export type SlackSettings = ReturnType<typeof readSlack>;

/** With an app token, `http_config.authorization` carries it and `api_url` is the app's. */
export function readSlack(value: ConfigValue, context: IntegrationContext) {
  const { global } = context;
  const { settings, section } = readIntegration(value, slackFields, context);
  const { api_url: ownUrl, app_token: ownToken, http_config: httpConfig } = settings;
  if (ownUrl !== null && ownToken !== null) {
    section("app_token").problem("cannot stand beside api_url, expected one of them");
  }
  if (settings.update_message && ownUrl?.secretText !== slackMessageUrl) {
    section("update_message").problem(
      `only a bot can change its messages: needs api_url: ${slackMessageUrl}`,
    );
  }
  const ownAuthorization =
    section("http_config").present && httpConfig.authorization !== null;
  const inherits = ownUrl === null && ownToken === null && !ownAuthorization;
  const token = ownToken ?? (inherits ? global.slack_app_token : null);
  const api = ownUrl ?? (token === null ? global.slack_api_url : null);
  required(
    section,
    "api_url",
    api !== null || token !== null,
    "an address to post to: api_url, app_token or their _file, here or as global slack_…",
  );
  if (token !== null && httpConfig.authorization !== null) {
    section("app_token").problem("is sent as authorization, which http_config sets too");
  }
  const appUrl = settings.app_url ?? global.slack_app_url;
  return {
    ...settings,
    api_url: token === null ? api : { secretText: appUrl, file: null },
    app_token: token,
    app_url: appUrl,
    http_config: token === null ? httpConfig : withBearer(httpConfig, token),
  };
}

function withBearer(httpConfig: HttpSettings, credentials: Secret): HttpSettings {
  return { ...httpConfig, authorization: { type: "Bearer", credentials } };
}

const rocketchatFields = {
  send_resolved: flag(false),
  http_config: http,
  api_url: url,
  token_id: secret,
  token: secret,
  channel: text(),
  color: text('{{ if eq .Status "firing" }}red{{ else }}green{{ end }}'),
  title: text('{{ template "rocketchat.default.title" . }}'),
  title_link: text('{{ template "rocketchat.default.titlelink" . }}'),
  text: text('{{ template "rocketchat.default.text" . }}'),
  fields: parts((value, configFile) => {
    const fields = { short: optionalFlag, title: text(), value: text() };
    return readSettings(value, fields, configFile).settings;
  }),
  short_fields: flag(false),
  emoji: text('{{ template "rocketchat.default.emoji" . }}'),
  icon_url: text('{{ template "rocketchat.default.iconurl" . }}'),
  image_url: text(),
  thumb_url: text(),
  link_names: flag(false),
  actions: parts((value, configFile) => {
    // Alertmanager's spelling: these names have no underscores.
    const fields = {
      type: text(),
      text: text(),
      url: text(),
      imageurl: text(),
      iswebview: flag(false),
      webviewheightratio: text(),
      msg: text(),
      msginchatwindow: flag(false),
      msgprocessingtype: text(),
    };
    return readSettings(value, fields, configFile).settings;
  }),
};

export function readRocketchat(value: ConfigValue, context: IntegrationContext) {
  const { global } = context;
  const { settings, section } = readIntegration(value, rocketchatFields, context);
  const token = settings.token ?? global.rocketchat_token;
  const tokenId = settings.token_id ?? global.rocketchat_token_id;
  required(section, "token", token !== null, "a token, here or as global rocketchat_token");
  required(section, "token_id", tokenId !== null, "its id, here or as global rocketchat_token_id");
  const apiUrl = settings.api_url ?? global.rocketchat_api_url;
  return { ...settings, api_url: apiUrl, token, token_id: tokenId };
}

const attachmentFields = {
  fallback: text(),
  color: text(),
  pretext: text(),
  text: text(),
  author_name: text(),
  author_link: text(),
  author_icon: text(),
  title: text(),
  title_link: text(),
  fields: titledFields,
  thumb_url: text(),
  footer: text(),
  footer_icon: text(),
  image_url: text(),
};

const mattermostFields = {
  ...attachmentFields,
  send_resolved: flag(true),
  http_config: http,
  webhook_url: secretUrl,
  channel: text(),
  username: text('{{ template "mattermost.default.username" . }}'),
  text: text('{{ template "mattermost.default.text" . }}'),
  fallback: text('{{ template "mattermost.default.fallback" . }}'),
  color: text('{{ template "mattermost.default.color" . }}'),
  title: text('{{ template "mattermost.default.title" . }}'),
  title_link: text('{{ template "mattermost.default.titlelink" . }}'),
  icon_url: text(),
  icon_emoji: text(),
  attachments: parts(
    (value, configFile) => readSettings(value, attachmentFields, configFile).settings,
  ),
  type: text(),
  props: field((value, configFile) =>
    value.present ? readSettings(value, { card: text() }, configFile).settings : null,
  ),
  priority: field((value, configFile) => {
    if (!value.present) return null;
    const fields = {
      priority: text(),
      requested_ack: flag(false),
      persistent_notifications: flag(false),
    };
    return readSettings(value, fields, configFile).settings;
  }),
};

export function readMattermost(value: ConfigValue, context: IntegrationContext) {
  const { settings, section } = readIntegration(value, mattermostFields, context);
  const webhookUrl = settings.webhook_url ?? context.global.mattermost_webhook_url;
  requireWebhookUrl(section, webhookUrl, ", here or as global mattermost_webhook_url");
  return { ...settings, webhook_url: webhookUrl };
}

export function requireWebhookUrl(section: Section, url: Secret | null, elsewhere = ""): void {
  const what = `the webhook's URL, or webhook_url_file${elsewhere}`;
  required(section, "webhook_url", url !== null, what);
}
