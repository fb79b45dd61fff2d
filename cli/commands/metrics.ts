/** `tocsin metrics`: templates of metrics, checked and tried before they are in force. */
import { readFile } from "node:fs/promises";
import { quantityText } from "../../actors/metric/quantity.ts";
import type { MetricLevel, MetricTemplate } from "../../actors/metric/template.ts";
import { loadConfiguration } from "../../runtime/config/load.ts";
import { loadMetricTemplates, staleMsDefault } from "../../runtime/config/metric-templates.ts";
import { ConfigError, formatProblem, type Problem } from "../../runtime/config/problems.ts";
import { formatDuration } from "../../runtime/config/units.ts";
import { hint } from "../../runtime/config/value.ts";
import { configFileOf, orFail } from "../alertmanager-config.ts";
import { paintFor } from "../colours.ts";
import { EXIT, type Io } from "../command.ts";
import { CommandFailure, defineCommand, type Flags, usageError } from "../define-command.ts";
import { playSamples, type PlayedSample } from "../metric-play.ts";
import { readPlayedSamples } from "../metric-samples.ts";
import { plain } from "../plain-text.ts";
import { table } from "../table.ts";

const help = `tocsin metrics [list|check FILE…|test] [options]

Templates say which samples of metrics become an alert (docs/metrics.md).

  tocsin metrics list         the templates in force, with their thresholds
  tocsin metrics check FILE…  every problem of files of templates, as FILE:LINE:COLUMN: MESSAGE
  tocsin metrics test         plays samples in simulated time: when the alert would fire, change
                              and end, and why

  --config FILE      list, test: the tocsin.yaml whose templates are in force; without it:
                     TOCSIN_CONFIG, then the shipped one
  --templates FILE   list, test: a file of templates instead
  --template NAME    test: the template to try
  --samples FILE     test: JSON, an array or one object a line: {"at": "90s", "value": 5200};
                     "at" is a time or a duration since the beginning; "-": standard input
  --json             the same as JSON
  --url URL          has no effect: no running Tocsin is needed

Exit code 0, or 1 when a file is not valid.

Examples
  tocsin metrics check my-templates.yaml
  tocsin metrics test --template latency-p95 --samples samples.json
  printf '{"at":"0s","value":6000}\\n{"at":"2m","value":6000}\\n' |
    tocsin metrics test --template latency-p95 --samples -
`;

async function run(flags: Flags, io: Io): Promise<number> {
  const [action = "list", ...files] = flags.positionals;
  switch (action) {
    case "list":
      return list(flags, io);
    case "check":
      return check(files, flags, io);
    case "test":
      return test(flags, io);
    default:
      throw usageError(`got "${plain(action)}", expected list, check or test`);
  }
}

function templatesOf(flags: Flags, io: Io): MetricTemplate[] {
  const file = flags.text("templates");
  if (file !== null) return orFail(() => loadMetricTemplates(file, staleMsDefault));
  const { metrics } = orFail(() => loadConfiguration(configFileOf(flags, io)));
  return metrics.templates;
}

function list(flags: Flags, io: Io): number {
  const templates = templatesOf(flags, io);
  if (flags.has("json")) {
    io.out(`${JSON.stringify(templates, null, 2)}\n`);
    return EXIT.ok;
  }
  const rows = templates.map((template) => {
    const level = (name: MetricLevel["name"]): string => {
      const found = template.levels.find((each) => each.name === name);
      if (found === undefined) return "-";
      return `${quantityText(found.threshold, template.unit)} for ${formatDuration(found.forMs)}`;
    };
    const { name, direction, metrics } = template;
    return [name, direction, level("warning"), level("critical"), metrics.join(", ")].map(plain);
  });
  io.out(table(["TEMPLATE", "DIRECTION", "WARNING", "CRITICAL", "METRICS"], rows));
  return EXIT.ok;
}

function check(files: string[], flags: Flags, io: Io): number {
  if (files.length === 0) throw usageError("expected the FILE to check");
  const checked = files.map(checkFile);
  const isGood = checked.every(({ valid }) => valid);
  if (flags.has("json")) io.out(`${JSON.stringify(checked, null, 2)}\n`);
  else {
    const paint = paintFor(io);
    for (const { file, valid, templates, problems } of checked) {
      for (const problem of problems) io.out(`${plain(formatProblem(problem))}\n`);
      const verdict = valid ? paint("green", "valid") : paint("red", "NOT VALID");
      const count = valid ? `templates: ${templates}` : `problems: ${problems.length}`;
      io.out(`${plain(file)}: ${verdict}: ${count}\n`);
    }
  }
  return isGood ? EXIT.ok : EXIT.failed;
}

type Checked = { file: string; valid: boolean; templates: number; problems: Problem[] };

function checkFile(file: string): Checked {
  try {
    const templates = loadMetricTemplates(file, staleMsDefault).length;
    return { file, valid: true, templates, problems: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { file, valid: false, templates: 0, problems: error.problems };
  }
}

async function test(flags: Flags, io: Io): Promise<number> {
  const name = flags.text("template");
  const file = flags.text("samples");
  if (name === null) throw usageError("say which template with --template");
  if (file === null) throw usageError("say which samples with --samples");
  const templates = templatesOf(flags, io);
  const template = templates.find((each) => each.name === name);
  if (template === undefined) {
    const near = hint(name, templates.map((each) => each.name));
    throw new CommandFailure(`--template: there is no template "${plain(name)}"${near}`);
  }
  const read = readPlayedSamples(await readSamples(file, io), template);
  if ("problem" in read) throw new CommandFailure(`--samples ${plain(file)}: ${read.problem}`);
  const played = playSamples(template, read.samples);
  if (flags.has("json")) io.out(`${JSON.stringify({ template: name, played }, null, 2)}\n`);
  else print(template, played, io);
  return EXIT.ok;
}

async function readSamples(file: string, io: Io): Promise<string> {
  try {
    if (file !== "-") return await readFile(file, "utf8");
  } catch (error) {
    throw new CommandFailure(`--samples ${plain(file)}: ${(error as Error).message}`);
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of io.input ?? []) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const colours = { fired: "red", changed: "yellow", resolved: "green" } as const;

function print(template: MetricTemplate, played: PlayedSample[], io: Io): void {
  const paint = paintFor(io);
  const rows = played.map(({ at, series, outcome, why }) => [at, outcome, series, why].map(plain));
  const colour = (cell: string, column: number, row: number): string => {
    const { outcome } = played[row] ?? {};
    const isNews = outcome === "fired" || outcome === "changed" || outcome === "resolved";
    return column === 1 && isNews ? paint(colours[outcome], cell) : cell;
  };
  io.out(table(["AT", "OUTCOME", "SERIES", "WHY"], rows, colour));
  const fired = played.filter(({ outcome }) => outcome === "fired");
  io.out(`\n${plain(template.alertname)}: alerts: ${fired.length}\n`);
  for (const { alert } of fired) {
    if (alert === null) continue;
    for (const [key, value] of Object.entries({ ...alert.labels, ...alert.annotations })) {
      io.out(`  ${plain(key)}: ${plain(value)}\n`);
    }
  }
}

export const command = defineCommand({
  name: "metrics",
  summary: "list, check and try the templates that make alerts of metrics",
  help,
  options: { config: "text", templates: "text", template: "text", samples: "text" },
  run,
});
