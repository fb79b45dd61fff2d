/** `tocsin check`: whether configuration files hold, before anything runs with them. */
import type { RouteConfig } from "../../actors/dispatch/config.ts";
import { loadAlertmanagerConfig } from "../../runtime/config/alertmanager/load.ts";
import type { NotDelivered } from "../../runtime/config/alertmanager/receivers.ts";
import { readConfigFile } from "../../runtime/config/config-file.ts";
import { configKind, type ConfigKind } from "../../runtime/config/config-kind.ts";
import { loadConfig } from "../../runtime/config/load.ts";
import { ConfigError, formatProblem, type Problem } from "../../runtime/config/problems.ts";
import { apiOf } from "../api.ts";
import { paintFor } from "../colours.ts";
import { EXIT, type Io } from "../command.ts";
import { defineCommand, type Flags, usageError } from "../define-command.ts";
import { plain } from "../plain-text.ts";
import { askSql } from "../sql-client.ts";

/** What a file contains, counted: `{ routes: 12, receivers: 5 }`. */
type Counts = Record<string, number>;

type Checked = {
  file: string;
  /** Null when it cannot be told: not readable, or not YAML. */
  kind: ConfigKind | null;
  valid: boolean;
  problems: Problem[];
  warnings: Problem[];
  /** Empty when the file is not valid. */
  counts: Counts;
  notDelivered: NotDelivered[];
};

const titles: Record<ConfigKind, string> = {
  tocsin: "Tocsin's configuration",
  alertmanager: "Alertmanager's configuration",
};

export const command = defineCommand({
  name: "check",
  summary: "check configuration files, Tocsin's and Alertmanager's",
  help: `Usage: tocsin check FILE... [--json]

Reads configuration files as Tocsin does at its start, and prints every problem of each as
FILE:LINE:COLUMN: SETTING: MESSAGE. What is valid but will surprise is a warning: a route that
is never reached, a receiver that nothing uses, a secret's file that cannot be read. Whether a
file is a tocsin.yaml or an alertmanager.yml is told by its sections. Nothing needs to run.

  --seen      asks the running program which labels alerts have had, and warns of routes that
              group by others or want them
  --json      an array: [{"file","kind","valid","problems","warnings","counts","notDelivered"}]
  --url URL   the running program, for --seen
  --help      this text

Exit code 0 when all files are valid (warnings or not), 1 when one is not.

Examples:
  tocsin check config/tocsin.yaml
  tocsin check /etc/alertmanager/alertmanager.yml
  tocsin check alertmanager.yml --seen
  tocsin check *.yml --json | jq '.[] | select(.valid | not) | .file'
`,
  options: { seen: "switch" },
  async run(flags, io) {
    if (flags.positionals.length === 0) throw usageError("expected the FILE to check");
    const seen = flags.has("seen") ? await seenLabels(flags, io) : undefined;
    const checked = flags.positionals.map((file) => checkFile(file, seen));
    if (flags.has("json")) io.out(`${JSON.stringify(checked, null, 2)}\n`);
    else for (const each of checked) print(each, io);
    return checked.every(({ valid }) => valid) ? EXIT.ok : EXIT.failed;
  },
});

/** @throws CommandFailure when the program cannot be asked. */
async function seenLabels(flags: Flags, io: Io): Promise<Set<string>> {
  const query = "select distinct arrayJoin(mapKeys(labels)) as label from tocsin.alerts";
  const answer = await askSql(apiOf(flags, io), query, "JSONEachRow");
  const lines = answer.split("\n").filter((line) => line !== "");
  return new Set(lines.map((line) => (JSON.parse(line) as { label: string }).label));
}

function checkFile(file: string, seen: Set<string> | undefined): Checked {
  const nothing = { problems: [], warnings: [], counts: {}, notDelivered: [] };
  let kind: ConfigKind | null = null;
  try {
    const text = readConfigFile(file);
    kind = configKind(file, text);
    const found = kind === "tocsin" ? checkTocsin(file, text) : checkAlertmanager(file, text, seen);
    return { file, kind, valid: true, ...nothing, ...found };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { file, kind, valid: false, ...nothing, problems: error.problems };
  }
}

function checkTocsin(file: string, text: string): { counts: Counts } {
  const { receivers, policies, rules, textModels } = loadConfig(file, text);
  const { embeddings, classifier } = textModels;
  const models = Number(embeddings !== null) + Number(classifier !== null);
  return {
    counts: {
      receivers: receivers.length,
      "escalation policies": Object.keys(policies).length,
      rules: rules.length,
      ...(models > 0 && { "text models": models }),
    },
  };
}

function checkAlertmanager(
  file: string,
  text: string,
  seen: Set<string> | undefined,
): { counts: Counts; warnings: Problem[]; notDelivered: NotDelivered[] } {
  const config = loadAlertmanagerConfig(file, text, seen);
  const { route, inhibitRules, timeIntervals } = config.dispatch;
  return {
    warnings: config.warnings,
    notDelivered: config.notDelivered,
    counts: {
      routes: countRoutes(route),
      receivers: config.receivers.length,
      "inhibit rules": inhibitRules.length,
      "time intervals": Object.keys(timeIntervals).length,
      "template files": config.templateFiles.length,
    },
  };
}

function countRoutes(route: RouteConfig): number {
  return route.routes.reduce((count, child) => count + countRoutes(child), 1);
}

function print(checked: Checked, io: Io): void {
  const { file, kind, valid, problems, warnings, counts, notDelivered } = checked;
  const paint = paintFor(io);
  for (const problem of problems) io.out(`${plain(formatProblem(problem))}\n`);
  for (const warning of warnings) {
    const message = `warning: ${warning.message}`;
    io.out(`${plain(formatProblem({ ...warning, message }))}\n`);
  }
  for (const { receiver, kind: integration, ...at } of notDelivered) {
    const message = `warning: ${integration} is not delivered yet (receiver ${receiver})`;
    io.out(`${plain(formatProblem({ ...at, path: "", message }))}\n`);
  }
  const title = kind === null ? "" : ` (${titles[kind]})`;
  const verdict = valid ? paint("green", "valid") : paint("red", "NOT VALID");
  const found = valid
    ? Object.entries(counts).map(([what, count]) => `${what}: ${count}`)
    : [`problems: ${problems.length}`];
  const surprises = warnings.length + notDelivered.length;
  if (surprises > 0) found.push(`warnings: ${surprises}`);
  io.out(`${plain(file)}: ${verdict}${title}: ${found.join(", ")}\n`);
}
