/** `tocsin severity`: tries an alert against factors and matrix, and sets an incident's level. */
import { randomUUID } from "node:crypto";
import { GraphState } from "../../actors/correlation/graph-state.ts";
import { Assessor } from "../../actors/incident/assessor.ts";
import { identityOf, labelOf } from "../../actors/incident/identity.ts";
import { severities, type IncidentView } from "../../actors/incident/types.ts";
import { levelScales, type LevelScale, type SeverityConfig } from "../../actors/severity/config.ts";
import { labelSeverity, levelOf, severityOfLevel } from "../../actors/severity/levels.ts";
import type { SeverityScore } from "../../actors/severity/score.ts";
import { incidentConfig } from "../../runtime/config/actor-configs.ts";
import { loadConfiguration } from "../../runtime/config/load.ts";
import { ConfigError, formatProblem, type Problem } from "../../runtime/config/problems.ts";
import { loadSeverityFile } from "../../runtime/config/severity-file.ts";
import { configFileOf, orFail } from "../alertmanager-config.ts";
import { apiOf } from "../api.ts";
import { byOf } from "../change-command.ts";
import { paintFor } from "../colours.ts";
import { EXIT } from "../command.ts";
import type { Io } from "../command.ts";
import { defineCommand, usageError } from "../define-command.ts";
import type { Flags } from "../define-command.ts";
import { findIncident, incidentPath } from "../incident-api.ts";
import { readLabelPairs } from "../label-pairs.ts";
import { plain } from "../plain-text.ts";
import { scoreText } from "../severity-text.ts";

const countMax = 1_000_000;
const minute = 60_000;

const help = `tocsin severity explain [--labels] LABEL=VALUE… [options]
tocsin severity check FILE…
tocsin severity set ID LEVEL --reason TEXT [options]

explain says how severe an incident with such an alert would be, term by term: what each factor's
value is, how bad that is, and how many points it adds; which cell of the matrix that leads to, or
what else decides the level. Nothing needs to run, and nothing is sent.

check reads files of factors and a matrix, such as config/severity.yaml, and lists their problems.

set makes an incident more or less severe; the reason is for its timeline. It becomes more severe by
itself again on new evidence only (docs/severity.md).

  --labels LABEL=VALUE      explain: the same as a LABEL=VALUE alone; may be repeated
  --annotation NAME=VALUE   explain: an annotation of the alert; may be repeated
  --alerts N, --services N, --minutes N, --reopens N
                            explain: distinct alerts (1), services (1), minutes since it began (0),
                            and how often it was reopened (0)
  --config FILE             explain: where the section severity is (TOCSIN_CONFIG, default
                            config/tocsin.yaml)
  --levels SCALE            check, set: sev1-5 (default), sev0-4 or sev1-4, as severity.levels says;
                            set: an incident with a score knows its own
  --reason TEXT             set: why
  --by NAME                 set: who does it (default: $USER)
  --json                    explain: the score; check: problems by file; set: the incident
  --url URL                 set: where Tocsin is (TOCSIN_URL, default http://127.0.0.1:9093)

Examples
  tocsin severity explain alertname=Errors severity=high environment=prod users_affected_percent=30
  tocsin severity explain --labels severity=warning service_tier=0 --services 6 --minutes 90
  tocsin severity check my-severity.yaml
  tocsin severity set 3-1a SEV4 --reason "one customer, and they know"
`;

async function run(flags: Flags, io: Io): Promise<number> {
  const [verb, ...words] = flags.positionals;
  switch (verb) {
    case "explain":
      return explain(flags, io, words);
    case "check":
      return check(words, flags, io);
    case "set":
      return set(words, flags, io);
    default: {
      const expected = "explain, check or set";
      throw usageError(
        verb === undefined ? `say ${expected}` : `got "${plain(verb)}", expected ${expected}`,
      );
    }
  }
}

function explain(flags: Flags, io: Io, words: string[]): number {
  const labels = readLabelPairs([...flags.texts("labels"), ...words]);
  if (Object.keys(labels).length === 0) {
    throw usageError("give the alert's labels as LABEL=VALUE");
  }
  const annotations = readLabelPairs(flags.texts("annotation"));
  const config = orFail(() => incidentConfig(loadConfiguration(configFileOf(flags, io))));
  const { severity } = config;
  if (severity === undefined) throw new Error("a configuration that was read has every section");
  const said = labelSeverity(config, labelOf(labels, "severity"));
  const facts = {
    floor: said,
    ...identityOf(labels),
    alerts: flags.number("alerts", 1, countMax, 1),
    services: flags.number("services", 1, countMax, 1),
    lastedMs: flags.number("minutes", 0, countMax, 0) * minute,
    reopens: flags.number("reopens", 0, countMax, 0),
  };
  const graphs = new GraphState();
  graphs.configure(config.correlation.topology);
  const score = new Assessor(severity, graphs).tryOut({ labels, annotations }, facts);
  if (flags.has("json")) {
    io.out(`${JSON.stringify({ ...score, said, mode: severity.mode }, null, 2)}\n`);
    return EXIT.ok;
  }
  io.out(scoreText(score, paintFor(io)));
  io.out(`\n${modeText(severity, score, said)}\n`);
  return EXIT.ok;
}

function modeText({ mode }: SeverityConfig, { severity }: SeverityScore, said: string): string {
  if (mode === "raise") return `severity.mode is raise: such an incident is ${severity}.`;
  const why = mode === "off" ? "no score is computed" : "the score is shown and raises nothing";
  return `severity.mode is ${mode}: ${why}; such an incident is ${said}.`;
}

function check(files: string[], flags: Flags, io: Io): number {
  if (files.length === 0) throw usageError("expected the FILE to check");
  const scale = scaleOf(flags) ?? "sev1-5";
  const checked = files.map((file) => checkFile(file, scale));
  if (flags.has("json")) io.out(`${JSON.stringify(checked, null, 2)}\n`);
  else {
    const paint = paintFor(io);
    for (const { file, valid, factors, problems } of checked) {
      for (const problem of problems) io.out(`${plain(formatProblem(problem))}\n`);
      const verdict = valid ? paint("green", "valid") : paint("red", "NOT VALID");
      const count = valid ? `factors: ${factors}` : `problems: ${problems.length}`;
      io.out(`${plain(file)}: ${verdict}: ${count}\n`);
    }
  }
  return checked.every(({ valid }) => valid) ? EXIT.ok : EXIT.failed;
}

function scaleOf(flags: Flags): LevelScale | null {
  const given = flags.text("levels");
  const scale = levelScales.find((each) => each === given);
  if (given === null || scale !== undefined) return scale ?? null;
  throw usageError(`--levels: expected one of ${levelScales.join(", ")}`);
}

type Checked = { file: string; valid: boolean; factors: number; problems: Problem[] };

function checkFile(file: string, scale: LevelScale): Checked {
  try {
    const { factors } = loadSeverityFile(file, scale);
    return { file, valid: true, factors: factors.length, problems: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { file, valid: false, factors: 0, problems: error.problems };
  }
}

async function set(words: string[], flags: Flags, io: Io): Promise<number> {
  const [id, level, ...more] = words;
  if (id === undefined || level === undefined || more.length > 0) {
    throw usageError("give the ID of one incident, and its LEVEL");
  }
  const reason = flags.text("reason");
  if (reason === null) throw usageError("say why with --reason");
  const asked = scaleOf(flags);
  const api = apiOf(flags, io);
  const { id: fullId, severity_score: score } = await findIncident(api, id);
  const scale = score?.scale ?? asked ?? "sev1-5";
  const severity = severityOfLevel(scale, level);
  if (severity === null) {
    const [most, least] = [levelOf(scale, "critical"), levelOf(scale, "info")];
    const known = `${most} to ${least} or ${severities.join(", ")}`;
    throw usageError(`got "${plain(level)}", expected ${known}`);
  }
  const after = (await api.call({
    method: "PATCH",
    path: incidentPath(fullId),
    body: { severity, reason, by: byOf(flags, io) },
    idempotencyKey: randomUUID(),
  })) as IncidentView;
  if (flags.has("json")) io.out(`${JSON.stringify(after)}\n`);
  else io.out(`${plain(after.id)} is ${plain(after.severity)}: ${plain(after.title)}\n`);
  return EXIT.ok;
}

export const command = defineCommand({
  name: "severity",
  summary: "explain how severe an alert would be; check a matrix; set an incident's level",
  help,
  options: {
    ...{ labels: "texts", annotation: "texts", config: "text", reason: "text", by: "text" },
    ...{ alerts: "text", services: "text", minutes: "text", reopens: "text", levels: "text" },
  },
  run,
});
