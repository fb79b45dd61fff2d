/** `tocsin test`: whether a configuration does what stories about it say, in simulated time. */
import { loadScenarios, type ScenarioFile } from "../../runtime/config/scenarios.ts";
import { runScenario, type ScenarioResult } from "../../runtime/scenario-run.ts";
import { configFileOf, orFail } from "../alertmanager-config.ts";
import { paintFor } from "../colours.ts";
import { EXIT } from "../command.ts";
import type { Io } from "../command.ts";
import { defineCommand, usageError } from "../define-command.ts";
import type { Flags } from "../define-command.ts";
import { plain } from "../plain-text.ts";
import { scenarioJson, scenarioText } from "../scenario-text.ts";

const help = `tocsin test SCENARIOS.yaml… [options]

Plays stories about an alertmanager.yml in simulated time: alerts fire and end, silences come and
go, hours pass in milliseconds, and what receivers are told is compared with what the story
expects. Nothing needs to run, nothing is sent, and the day of the week does not matter. The files
are described in docs/scenarios.md; config/alertmanager/scenarios.yml is an example.

  --config FILE  the alertmanager.yml (or tocsin.yaml) to test, instead of the one that the file
                 names as \`config\`; where it names none: TOCSIN_CONFIG, then config/tocsin.yaml
  --only TEXT    only scenarios with the text in their names
  --json         {"passed", "failed", "files": [{"file", "config", "scenarios": […]}]}
  --url URL      has no effect: no running Tocsin is needed

Exit code 0 when everything went as expected, 1 when not, or when a file is not valid.

Examples
  tocsin test config/alertmanager/scenarios.yml
  tocsin test tests/*.yml --config new/alertmanager.yml
  tocsin test scenarios.yml --only inhibit --json | jq '.files[].scenarios[].failures'
`;

async function run(flags: Flags, io: Io): Promise<number> {
  const files = flags.positionals;
  if (files.length === 0) throw usageError("expected the FILE of scenarios");
  const given = flags.text("config");
  const loaded = files.map((file) =>
    orFail(() => loadScenarios(file, given, configFileOf(flags, io))),
  );
  const only = flags.text("only");
  const tested = loaded.map((file) => {
    const chosen = file.scenarios.filter(({ name }) => only === null || name.includes(only));
    return { file, results: chosen.map((each) => runScenario(each)) };
  });
  const results = tested.flatMap((each) => each.results);
  if (results.length === 0) {
    throw usageError(`--only: no scenario has "${plain(only ?? "")}" in its name`);
  }
  const failed = results.filter(({ failures }) => failures.length > 0).length;
  const counts = { passed: results.length - failed, failed };
  if (flags.has("json")) {
    const shown = tested.map(({ file, results: each }) => ({
      file: file.file,
      config: file.configFile,
      scenarios: each.map(scenarioJson),
    }));
    io.out(`${JSON.stringify({ ...counts, files: shown }, null, 2)}\n`);
  } else print(tested, counts, io);
  return failed === 0 ? EXIT.ok : EXIT.failed;
}

function print(
  tested: { file: ScenarioFile; results: ScenarioResult[] }[],
  { passed, failed }: { passed: number; failed: number },
  io: Io,
): void {
  const paint = paintFor(io);
  for (const { file, results } of tested) {
    if (results.length === 0) continue;
    const about = paint("dim", `on ${plain(file.configFile)}`);
    io.out(`${paint("bold", plain(file.file))} ${about}\n`);
    for (const result of results) io.out(scenarioText(result, paint));
  }
  const good = paint(passed > 0 ? "green" : null, `${passed} passed`);
  io.out(`${good}${failed === 0 ? "" : `, ${paint("red", `${failed} failed`)}`}\n`);
}

export const command = defineCommand({
  name: "test",
  summary: "test an alertmanager.yml with stories in simulated time",
  help,
  options: { config: "text", only: "text" },
  run,
});
