/** Files of scenarios (docs/scenarios.md): stories about an alertmanager.yml. */
import { dirname, isAbsolute, join } from "node:path";
import type { DispatchConfig } from "../../actors/dispatch/config.ts";
import type { Scenario } from "../scenario.ts";
import { readConfigFile } from "./config-file.ts";
import { loadConfiguration } from "./load.ts";
import { momentForm, parseMoment } from "./moment.ts";
import { ConfigError } from "./problems.ts";
import { Reading } from "./reading.ts";
import { readSteps, type StepContext } from "./scenario-steps.ts";
import { ConfigValue } from "./value.ts";

export type ScenarioFile = {
  file: string;
  /** The configuration that the stories begin with. */
  configFile: string;
  scenarios: Scenario[];
};

const placesMax = 1_000_000;
const scenariosMax = 10_000;
/** A Monday, at work, in UTC and in most of Europe. */
const startDefault = "2026-03-02T09:00:00Z";

/**
 * @param configFile takes the place of what the file names; null: the file's own, looked for
 *   beside it, or else `defaultFile`.
 * @throws ConfigError with all problems of the file; those of a configuration that it names are
 *   problems of the place where it does.
 */
export function loadScenarios(
  file: string,
  configFile: string | null,
  defaultFile: string,
): ScenarioFile {
  const reading = new Reading(file, readConfigFile(file), { placesMax });
  const root = new ConfigValue(reading, reading.document.contents, "", null);
  const section = root.section(["config", "scenarios"]);
  const configs = new Map<string, DispatchConfig | null>();
  const load = (path: string, value: ConfigValue): DispatchConfig | null => {
    const known = configs.get(path);
    if (known !== undefined) return known;
    const config = loadOne(path, value);
    configs.set(path, config);
    return config;
  };
  const own = section("config").optionalText();
  const beside = (name: string): string => (isAbsolute(name) ? name : join(dirname(file), name));
  const path = configFile ?? (own === null ? defaultFile : beside(own));
  const config = load(path, section("config"));
  const scenarios = readScenarios(section("scenarios"), config, {
    load: (value) => load(beside(value.text()), value),
  });
  reading.endIfBad();
  return { file, configFile: path, scenarios };
}

/** Null when it has no routes or is not valid, which is said of `value`. */
function loadOne(path: string, value: ConfigValue): DispatchConfig | null {
  try {
    const config = loadConfiguration(path).alertmanager?.dispatch ?? null;
    if (config === null) {
      value.problem(`${path} has no routes, expected an alertmanager.yml, here or by --config`);
    }
    return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    value.problem(`the configuration is not valid:\n${error.message}`);
    return null;
  }
}

function readScenarios(
  value: ConfigValue,
  config: DispatchConfig | null,
  context: Pick<StepContext, "load">,
): Scenario[] {
  if (value.list(scenariosMax).length === 0) value.expected("a list of scenarios");
  const names = new Set<string>();
  return value.list(scenariosMax).map((entry) => {
    const section = entry.section(["name", "start", "steps"]);
    const name = section("name").text();
    if (names.has(name)) section("name").problem(`the name ${name} is taken already`);
    names.add(name);
    const startText = section("start").scalarText(startDefault);
    const startMs = parseMoment(startText);
    if (startMs === null) section("start").expected(momentForm);
    const start = startMs ?? 0;
    const steps = readSteps(section("steps"), { ...context, config, startMs: start });
    // Without a configuration there is a problem, and nobody gets to see the scenario.
    return { name, place: entry.position(), startMs: start, config: config!, steps };
  });
}
