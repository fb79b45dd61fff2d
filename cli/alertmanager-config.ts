/** The Alertmanager configuration that a command is about, for commands that only read files. */
import type { AlertmanagerConfig } from "../runtime/config/alertmanager/load.ts";
import { loadConfiguration, shippedConfigFile } from "../runtime/config/load.ts";
import { ConfigError } from "../runtime/config/problems.ts";
import type { Io } from "./command.ts";
import { CommandFailure } from "./define-command.ts";
import type { Flags } from "./define-command.ts";
import { plain, plainLines } from "./plain-text.ts";

/** Lines of the help of a command that has the option. */
export const configHelp = `  --config FILE  an alertmanager.yml, or a tocsin.yaml that names one
                 (TOCSIN_CONFIG, default config/tocsin.yaml)`;

/** The file that Tocsin would start with. */
export function configFileOf(flags: Flags, io: Io): string {
  return flags.text("config") ?? (io.env["TOCSIN_CONFIG"] || shippedConfigFile);
}

/** @throws CommandFailure with every problem of the file, or when it has no routes. */
export function readAlertmanagerConfig(file: string): AlertmanagerConfig {
  const alertmanager = orFail(() => loadConfiguration(file).alertmanager);
  if (alertmanager !== null) return alertmanager;
  throw new CommandFailure(
    `${plain(file)} has no \`alertmanager\`, so there are no routes: name an alertmanager.yml, ` +
      "or a tocsin.yaml that names one, with --config FILE",
  );
}

/** Problems of files are the user's to repair. */
export function orFail<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new CommandFailure(`not valid:\n${plainLines(error.message, "  ")}`);
  }
}
