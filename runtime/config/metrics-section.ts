/** The section `metrics`: which templates are in force, and how much of series is remembered. */
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { MetricTemplate } from "../../actors/metric/template.ts";
import {
  loadMetricTemplates,
  overridden,
  staleMsDefault,
  staleRange,
} from "./metric-templates.ts";
import { ConfigError } from "./problems.ts";
import { hint, type ConfigValue } from "./value.ts";

export type MetricsConfig = {
  templates: MetricTemplate[];
  /** Series that are remembered at once. */
  seriesMax: number;
  /** How old a sample may be, ms. */
  lateMsMax: number;
};

/** The templates that ship with the program; `builtin` in the configuration. */
export const builtinTemplatesFile = fileURLToPath(
  new URL("../../config/metric-templates.yaml", import.meta.url),
);

const builtin = "builtin";
const filesMax = 100;
const overridesMax = 1_000;
const second = 1_000;
const hour = 3_600_000;

/** @param source the file of the section; files that it names are looked for beside it. */
export function readMetrics(value: ConfigValue, source: string | null): MetricsConfig {
  const section = value.section([
    ...["templates", "overrides", "stale_after", "series_max", "late_max"],
  ]);
  const staleMs = section("stale_after").duration({ default: staleMsDefault, ...staleRange });
  const base = source === null ? process.cwd() : dirname(resolve(source));
  const files = section("templates");
  const loaded = files.present
    ? files.list(filesMax).map((file) => readFile(file, base, staleMs))
    : [loadMetricTemplates(builtinTemplatesFile, staleMs)];
  const byName = new Map(loaded.flat().map((template) => [template.name, template]));
  for (const [name, change] of section("overrides").entries(overridesMax)) {
    const template = byName.get(name);
    if (template === undefined) {
      change.problem(`there is no template ${name}${hint(name, [...byName.keys()])}`);
      continue;
    }
    const changed = overridden(change, template);
    if (changed === null) byName.delete(name);
    else byName.set(name, changed);
  }
  return {
    templates: [...byName.values()],
    seriesMax: section("series_max").integer({ default: 100_000, min: 1, max: 10_000_000 }),
    lateMsMax: section("late_max").duration({ default: hour, min: second, max: 24 * hour }),
  };
}

/** Its problems are problems of this reading. */
function readFile(value: ConfigValue, base: string, staleMs: number): MetricTemplate[] {
  const name = value.text();
  if (name === "") return [];
  const file = name === builtin ? builtinTemplatesFile : resolve(base, name);
  try {
    return loadMetricTemplates(file, staleMs);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    value.problem(`the file is not valid:\n${error.message}`);
    return [];
  }
}
