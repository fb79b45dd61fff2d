/** `npm run loadtest`: runs scenarios, prints the table, writes the reports. */
import { writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { calibrate, givenServerRate } from "./calibrate.ts";
import { runScenario } from "./field.ts";
import type { RunOptions } from "./field.ts";
import { ensureK6 } from "./generator/k6-binary.ts";
import { populationFor, readOptions } from "./options.ts";
import type { Options } from "./options.ts";
import { page } from "./page/page.ts";
import { newReport } from "./result/report.ts";
import type { Report } from "./result/report.ts";
import { summarise } from "./result/summary.ts";
import { remarks, reportTable } from "./result/text.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if ("print" in options) return void process.stdout.write(options.print);
  const k6 = await ensureK6(process.env, say);
  say(`k6 v${k6.version}: ${k6.path} (${k6.source})`);
  const { settings, given, chosen, seconds } = options;
  const common = { root, k6Path: k6.path, settings, given, seconds, say };
  await chooseRate(options, common);
  const server = given === null ? "started here" : `http://${given.host}:${given.port}`;
  const report = newReport(settings, server, k6.version);
  for (const scenario of chosen) {
    say(`${scenario.name}: ${scenario.question}`);
    const run = await runScenario(scenario, common);
    report.results.push(summarise(run));
    say(`  ${run.verdict}`);
    // After each one, so that a long run that is interrupted has told what it knew.
    write(report, options);
  }
  process.stdout.write(`\n${reportTable(report)}\n`);
  for (const line of remarks(report)) process.stdout.write(`${line}\n`);
  say(`the report is ${resolve(options.html)}`);
  if (report.results.some(({ verdict }) => verdict !== "holds")) process.exitCode = 1;
}

async function chooseRate({ chosen, settings, given }: Options, run: RunOptions): Promise<void> {
  if (settings.rate > 0) return;
  if (given !== null) {
    settings.rate = givenServerRate;
    say(`no --rate: ${givenServerRate} alerts/s, to be gentle with a server in use`);
  } else if (chosen.some(({ needsRate }) => needsRate)) {
    settings.population = populationFor(givenServerRate);
    settings.rate = await calibrate(run);
  }
  settings.population = populationFor(settings.rate);
}

function write(report: Report, { json, html }: Options): void {
  writeFileSync(html, page(report));
  if (json !== null) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
}

await main().catch((error: unknown) => {
  say(`loadtest: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
});
// Nothing is under way any more, but a timer of a server that stopped early may be.
process.exit();
