/** What reading an integration needs besides its own settings, and checks that many share. */
import type { ConfigValue } from "../value.ts";
import {
  readSettings,
  type Field,
  type Section,
  type Settings,
} from "./fields.ts";
import type { GlobalSettings } from "./global.ts";
import type { HttpSettings } from "./http-config.ts";

export type IntegrationContext = { configFile: string; global: GlobalSettings };

type WithHttp = { http_config: HttpSettings };

/** Reads `fields`, with the global `http_config` where there is none of its own. */
export function readIntegration<
  F extends Record<string, Field<unknown>> & { http_config: Field<HttpSettings | null> },
>(
  value: ConfigValue,
  fields: F,
  { configFile, global }: IntegrationContext,
): { settings: Omit<Settings<F>, "http_config"> & WithHttp; section: Section } {
  const { settings, section } = readSettings(value, fields, configFile);
  const own = settings["http_config"] as HttpSettings | null;
  return { settings: { ...settings, http_config: own ?? global.http_config }, section };
}

/** Says what is missing at the place where it belongs. */
export function required(section: Section, key: string, isThere: boolean, what: string): void {
  if (!isThere) section(key).expected(what);
}
