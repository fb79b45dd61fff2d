/**
 * `global`: what receivers fall back to. Everything but the resolve timeout is filled into the
 * receivers when these are read.
 */
import type { ConfigValue } from "../value.ts";
import {
  duration,
  flag,
  optionalFlag,
  readSettings,
  secret,
  secretUrl,
  text,
  url,
  type Settings,
} from "./fields.ts";
import { hostPort } from "./host-port.ts";
import { http, readHttp, tls, type HttpSettings } from "./http-config.ts";

const globalFields = {
  resolve_timeout: duration(5 * 60_000),
  http_config: http,
  jira_api_url: url,
  smtp_from: text(),
  smtp_hello: text("localhost"),
  smtp_smarthost: hostPort,
  smtp_auth_username: text(),
  smtp_auth_password: secret,
  smtp_auth_secret: secret,
  smtp_auth_identity: text(),
  smtp_require_tls: flag(true),
  smtp_tls_config: tls,
  smtp_force_implicit_tls: optionalFlag,
  slack_api_url: secretUrl,
  slack_app_token: secret,
  slack_app_url: url,
  pagerduty_url: url,
  opsgenie_api_url: url,
  opsgenie_api_key: secret,
  wechat_api_url: url,
  wechat_api_secret: secret,
  wechat_api_corp_id: text(),
  victorops_api_url: url,
  victorops_api_key: secret,
  telegram_api_url: url,
  telegram_bot_token: secret,
  webex_api_url: url,
  rocketchat_api_url: url,
  rocketchat_token: secret,
  rocketchat_token_id: secret,
  mattermost_webhook_url: secretUrl,
};

/** With the addresses of the services filled in; `http_config` is there in any case. */
export type GlobalSettings = Omit<
  Settings<typeof globalFields>,
  "http_config" | keyof typeof serviceUrls
> & { http_config: HttpSettings } & ServiceUrls;

type ServiceUrls = Record<keyof typeof serviceUrls, string>;

const serviceUrls = {
  pagerduty_url: "https://events.pagerduty.com/v2/enqueue",
  opsgenie_api_url: "https://api.opsgenie.com/",
  wechat_api_url: "https://qyapi.weixin.qq.com/cgi-bin/",
  victorops_api_url: "https://alert.victorops.com/integrations/generic/20131114/alert/",
  telegram_api_url: "https://api.telegram.org",
  webex_api_url: "https://webexapis.com/v1/messages",
  rocketchat_api_url: "https://open.rocket.chat/",
  slack_app_url: "https://slack.com/api/chat.postMessage",
};

export function readGlobal(value: ConfigValue, configFile: string): GlobalSettings {
  const { settings, section } = readSettings(value, globalFields, configFile);
  const { slack_api_url: apiUrl, slack_app_token: appToken, slack_app_url: appUrl } = settings;
  // A bot's token in http_config once needed this address: then both mean the same.
  const isAppUrl = apiUrl?.secretText === (appUrl ?? serviceUrls.slack_app_url);
  if (appToken !== null && apiUrl !== null && !isAppUrl) {
    section("slack_app_token").problem("cannot stand beside slack_api_url, expected one of them");
  }
  const urls: ServiceUrls = { ...serviceUrls };
  for (const key of Object.keys(serviceUrls) as (keyof typeof serviceUrls)[]) {
    urls[key] = settings[key] ?? serviceUrls[key];
  }
  const httpConfig = settings.http_config ?? readHttp(section("http_config"), configFile);
  return { ...settings, ...urls, http_config: httpConfig };
}
