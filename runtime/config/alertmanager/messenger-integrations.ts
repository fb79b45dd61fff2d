/** Discord, Teams, Telegram, Webex and WeChat: a message to a room or a person. */
import type { ConfigValue } from "../value.ts";
import { requireWebhookUrl } from "./chat-integrations.ts";
import { choice, flag, integer, secret, secretUrl, text, textOrFile, url } from "./fields.ts";
import { http } from "./http-config.ts";
import { withTrailingSlash } from "./http-url.ts";
import { readIntegration, required, type IntegrationContext } from "./integration-context.ts";

const discordFields = {
  send_resolved: flag(true),
  http_config: http,
  webhook_url: secretUrl,
  content: text(),
  title: text('{{ template "discord.default.title" . }}'),
  message: text('{{ template "discord.default.message" . }}'),
  username: text(),
  avatar_url: text(),
};

export function readDiscord(value: ConfigValue, context: IntegrationContext) {
  const { settings, section } = readIntegration(value, discordFields, context);
  requireWebhookUrl(section, settings.webhook_url);
  return settings;
}

const msteamsFields = {
  send_resolved: flag(true),
  http_config: http,
  webhook_url: secretUrl,
  title: text('{{ template "msteams.default.title" . }}'),
  summary: text('{{ template "msteams.default.summary" . }}'),
  text: text('{{ template "msteams.default.text" . }}'),
};

export function readMsteams(value: ConfigValue, context: IntegrationContext) {
  const { settings, section } = readIntegration(value, msteamsFields, context);
  requireWebhookUrl(section, settings.webhook_url);
  return settings;
}

const msteamsv2Fields = {
  send_resolved: flag(true),
  http_config: http,
  webhook_url: secretUrl,
  title: text('{{ template "msteamsv2.default.title" . }}'),
  text: text('{{ template "msteamsv2.default.text" . }}'),
};

/** An `http_config` of its own still takes the global proxy. */
export function readMsteamsv2(value: ConfigValue, context: IntegrationContext) {
  const { settings, section } = readIntegration(value, msteamsv2Fields, context);
  requireWebhookUrl(section, settings.webhook_url);
  const { http_config: httpConfig } = settings;
  const proxy = httpConfig.proxy_url || context.global.http_config.proxy_url;
  return { ...settings, http_config: { ...httpConfig, proxy_url: proxy } };
}

const telegramFields = {
  send_resolved: flag(true),
  http_config: http,
  api_url: url,
  bot_token: secret,
  chat_id: textOrFile,
  message_thread_id: integer,
  message: text('{{ template "telegram.default.message" . }}'),
  disable_notifications: flag(false),
  parse_mode: text("HTML"),
};

export function readTelegram(value: ConfigValue, context: IntegrationContext) {
  const { global } = context;
  const { settings, section } = readIntegration(value, telegramFields, context);
  const { chat_id: chat, parse_mode: mode } = settings;
  const token = settings.bot_token ?? global.telegram_bot_token;
  required(section, "bot_token", token !== null, "a token, here or as global telegram_bot_token");
  required(section, "chat_id", chat !== null, "the chat's number, or chat_id_file");
  if (chat?.file === null) integer.read(section, "chat_id", context.configFile);
  if (!["", "Markdown", "MarkdownV2", "HTML"].includes(mode)) {
    section("parse_mode").expected('one of Markdown, MarkdownV2, HTML, ""');
  }
  return { ...settings, bot_token: token, api_url: settings.api_url ?? global.telegram_api_url };
}

const webexFields = {
  send_resolved: flag(true),
  http_config: http,
  api_url: url,
  message: text('{{ template "webex.default.message" . }}'),
  room_id: text(),
};

export function readWebex(value: ConfigValue, context: IntegrationContext) {
  const { settings, section } = readIntegration(value, webexFields, context);
  required(section, "room_id", settings.room_id !== "", "the room's id");
  const isAuthorized =
    section("http_config").present && settings.http_config.authorization !== null;
  required(section, "http_config", isAuthorized, "a bot's token as authorization");
  return { ...settings, api_url: settings.api_url ?? context.global.webex_api_url };
}

const wechatFields = {
  send_resolved: flag(false),
  http_config: http,
  api_secret: secret,
  corp_id: text(),
  message: text('{{ template "wechat.default.message" . }}'),
  api_url: url,
  to_user: text('{{ template "wechat.default.to_user" . }}'),
  to_party: text('{{ template "wechat.default.to_party" . }}'),
  to_tag: text('{{ template "wechat.default.to_tag" . }}'),
  agent_id: text('{{ template "wechat.default.agent_id" . }}'),
  message_type: choice(["text", "markdown"], "text"),
};

export function readWechat(value: ConfigValue, context: IntegrationContext) {
  const { global } = context;
  const { settings, section } = readIntegration(value, wechatFields, context);
  const apiSecret = settings.api_secret ?? global.wechat_api_secret;
  const corpId = settings.corp_id || global.wechat_api_corp_id;
  const what = "a secret, here or as global wechat_api_secret";
  required(section, "api_secret", apiSecret !== null, what);
  required(section, "corp_id", corpId !== "", "the company's id, here or as wechat_api_corp_id");
  const apiUrl = withTrailingSlash(settings.api_url ?? global.wechat_api_url);
  return { ...settings, api_secret: apiSecret, corp_id: corpId, api_url: apiUrl };
}
