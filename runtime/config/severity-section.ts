/** The section `severity`: whether scores count, and the file with factors and matrix. */
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import {
  levelScales,
  severityModes,
  type SeverityConfig,
} from "../../actors/severity/config.ts";
import { ConfigError } from "./problems.ts";
import { loadSeverityFile, weightMax, type SeverityFile } from "./severity-file.ts";
import { hint, type ConfigValue } from "./value.ts";

/** The factors and the matrix that ship with the program; `builtin` in the configuration. */
export const builtinSeverityFile = fileURLToPath(
  new URL("../../config/severity.yaml", import.meta.url),
);

const builtin = "builtin";
const weightsMax = 100;

/** @param source the file of the section; a file that it names is looked for beside it. */
export function readSeverity(value: ConfigValue, source: string | null): SeverityConfig {
  const section = value.section(["mode", "levels", "file", "weights"]);
  const scale = section("levels").choice(levelScales, "sev1-5");
  const base = source === null ? process.cwd() : dirname(resolve(source));
  const named = section("file").text(builtin);
  const file = named === builtin ? builtinSeverityFile : resolve(base, named);
  const content = readFile(section("file"), () =>
    loadSeverityFile(file, named === builtin ? "sev1-5" : scale),
  );
  return {
    mode: section("mode").choice(severityModes, "off"),
    scale,
    ...content,
    factors: weighted(content.factors, section("weights")),
  };
}

/** Its problems are problems of this reading; what ships stands in for it meanwhile. */
function readFile(value: ConfigValue, load: () => SeverityFile): SeverityFile {
  try {
    return load();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    value.problem(`the file is not valid:\n${error.message}`);
    return loadSeverityFile(builtinSeverityFile, "sev1-5");
  }
}

function weighted(factors: SeverityFile["factors"], value: ConfigValue): SeverityFile["factors"] {
  const weights = new Map<string, number>();
  const names = factors.map(({ name }) => name);
  for (const [name, weight] of value.entries(weightsMax)) {
    if (names.includes(name)) weights.set(name, weight.numberWithin({ min: 0, max: weightMax }));
    else weight.problem(`there is no factor ${name}${hint(name, names)}`);
  }
  return factors.map((factor) => ({
    ...factor,
    weight: weights.get(factor.name) ?? factor.weight,
  }));
}
