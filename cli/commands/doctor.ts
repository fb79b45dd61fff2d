/** `tocsin doctor`: what is here, what is wrong, and what to do about each. */
import type { Io } from "../command.ts";
import { EXIT } from "../command.ts";
import { paintFor, type Colour } from "../colours.ts";
import { defineCommand, type Flags } from "../define-command.ts";
import { ok, problem, type Finding, type Verdict } from "../doctor/finding.ts";
import {
  checkClickhouse,
  checkDataDir,
  checkNatsServer,
  checkVersions,
} from "../doctor/machine.ts";
import { checkDurability, checkPorts, checkProgram, findProgram } from "../doctor/program.ts";
import { plain } from "../plain-text.ts";
import { openListenProblem } from "../../runtime/config/auth-section.ts";
import { loadConfig, shippedConfigFile } from "../../runtime/config/load.ts";
import { resolveOptions, withOptions } from "../../runtime/config/options.ts";
import { ConfigError } from "../../runtime/config/problems.ts";
import type { TocsinConfig } from "../../runtime/config/types.ts";

const checkColumns = 16;
const colours: Record<Verdict, Colour> = { OK: "green", WARN: "yellow", PROBLEM: "red" };

export const command = defineCommand({
  name: "doctor",
  summary: "check versions, health, durability, disk and ports, and say what to do",
  help: `Usage: tocsin doctor [--config FILE] [--data DIR] [--url URL] [--json]

Looks at this machine and at the running Tocsin, and says of each thing whether it is OK, worth
a WARNing or a PROBLEM, with what to do. Exit code 1 when there is a PROBLEM.

  --config FILE  the configuration to check (TOCSIN_CONFIG; default config/tocsin.yaml)
  --data DIR     the data directory to look at (TOCSIN_DATA)
  --url URL      where Tocsin answers (TOCSIN_URL; default: the configured address)
  --json         {"verdict","findings":[{"check","verdict","detail","advice"}]}

Examples:
  tocsin doctor
  tocsin doctor --json | jq '.findings[] | select(.verdict != "OK")'
`,
  options: { config: "text", data: "text" },
  async run(flags: Flags, io: Io): Promise<number> {
    const findings = await examine(flags, io.env);
    const verdict = worst(findings);
    if (flags.has("json")) io.out(`${JSON.stringify({ verdict, findings })}\n`);
    else print(findings, io);
    return verdict === "PROBLEM" ? EXIT.failed : EXIT.ok;
  },
});

async function examine(flags: Flags, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const { config, findings } = readConfig(flags, env);
  const { listen, nats, clickhouse, dataDir } = config;
  const host = listen.host.includes(":") ? `[${listen.host}]` : listen.host;
  const url = flags.text("url") ?? env["TOCSIN_URL"] ?? `http://${host}:${listen.port}`;
  const program = await findProgram(url.replace(/\/$/, ""), env["TOCSIN_KEY"] ?? "");
  return [
    ...checkVersions(),
    ...findings,
    await checkNatsServer(nats.url, env),
    await checkClickhouse(clickhouse.url),
    checkProgram(program, url),
    await checkDurability(program, dataDir, nats),
    ...checkDataDir(dataDir),
    ...(await checkPorts(program, listen, nats.port)),
  ];
}

/** The configuration in force, or the defaults and what is wrong with it. */
function readConfig(
  flags: Flags,
  env: NodeJS.ProcessEnv,
): { config: TocsinConfig; findings: Finding[] } {
  const check = "configuration";
  const argv = ["config", "data"].flatMap((name) => {
    const value = flags.text(name);
    return value === null ? [] : [`--${name}`, value];
  });
  const resolved = resolveOptions(argv, env, 1);
  if (resolved.kind !== "run") {
    const detail = resolved.kind === "refused" ? resolved.message : "cannot be read";
    return { config: loadConfig(null), findings: [problem(check, detail, "correct it")] };
  }
  const file = resolved.options.configFile ?? shippedConfigFile;
  try {
    const config = withOptions(loadConfig(file), resolved.options);
    const refusal = openListenProblem(config.listen, config.auth.mode);
    if (refusal === null) return { config, findings: [ok(check, file)] };
    return { config, findings: [problem(check, refusal, "Tocsin does not start like this")] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const detail = error.message.split("\n").join("; ");
    const findings = [problem(check, detail, "correct the file; Tocsin does not start with it")];
    return { config: withOptions(loadConfig(null), resolved.options), findings };
  }
}

function worst(findings: Finding[]): Verdict {
  const has = (verdict: Verdict) => findings.some((finding) => finding.verdict === verdict);
  return has("PROBLEM") ? "PROBLEM" : has("WARN") ? "WARN" : "OK";
}

function print(findings: Finding[], io: Io): void {
  const paint = paintFor(io);
  for (const { check, verdict, detail, advice } of findings) {
    const head = paint(colours[verdict], verdict.padEnd(8));
    io.out(`${head} ${check.padEnd(checkColumns)} ${plain(detail)}\n`);
    if (advice !== "") io.out(`${" ".repeat(9 + checkColumns)} -> ${plain(advice)}\n`);
  }
}
