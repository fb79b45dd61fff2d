/**
 * Finds the subcommand that the first argument names and runs it. Subcommands are loaded only
 * when they are needed, so that `tocsin ack` does not wait for what `tocsin sql` imports.
 */
import { readFileSync } from "node:fs";
import { nearestWord } from "../runtime/config/nearest-word.ts";
import { EXIT } from "./command.ts";
import type { Command, Io } from "./command.ts";
import { plain } from "./plain-text.ts";

type Loader = () => Promise<{ command: Command }>;

/** In the order of the help text. */
const loaders: Record<string, Loader> = {
  send: () => import("./commands/send.ts"),
  ingest: () => import("./commands/ingest.ts"),
  demo: () => import("./commands/demo.ts"),
  alerts: () => import("./commands/alerts.ts"),
  silences: () => import("./commands/silences.ts"),
  incidents: () => import("./commands/incidents.ts"),
  why: () => import("./commands/why.ts"),
  topology: () => import("./commands/topology.ts"),
  tail: () => import("./commands/tail.ts"),
  ack: () => import("./commands/ack.ts"),
  investigate: () => import("./commands/investigate.ts"),
  identify: () => import("./commands/identify.ts"),
  resolve: () => import("./commands/resolve.ts"),
  close: () => import("./commands/close.ts"),
  reopen: () => import("./commands/reopen.ts"),
  merge: () => import("./commands/merge.ts"),
  split: () => import("./commands/split.ts"),
  severity: () => import("./commands/severity.ts"),
  note: () => import("./commands/note.ts"),
  sql: () => import("./commands/sql.ts"),
  report: () => import("./commands/report.ts"),
  redact: () => import("./commands/redact.ts"),
  template: () => import("./commands/template.ts"),
  metrics: () => import("./commands/metrics.ts"),
  capacity: () => import("./commands/capacity.ts"),
  check: () => import("./commands/check.ts"),
  routes: () => import("./commands/routes.ts"),
  test: () => import("./commands/test.ts"),
  keys: () => import("./commands/keys.ts"),
  doctor: () => import("./commands/doctor.ts"),
};

export const commandNames = Object.keys(loaders);

/** @returns the exit code; never rejects. */
export async function runTocsin(args: string[], io: Io): Promise<number> {
  const [first = "help", ...rest] = args;
  try {
    if (["--version", "-v", "version"].includes(first)) {
      io.out(`tocsin ${version()}\n`);
      return EXIT.ok;
    }
    if (["help", "--help", "-h"].includes(first)) return await help(rest[0], io);
    const command = await load(first);
    return command === null ? unknown(first, io) : await command.run(rest, io);
  } catch (error) {
    const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
    io.err(`tocsin ${plain(first)}: unexpected failure, which is a defect of Tocsin\n${trace}\n`);
    return EXIT.failed;
  }
}

async function load(name: string): Promise<Command | null> {
  const loader = Object.hasOwn(loaders, name) ? loaders[name] : undefined;
  return loader === undefined ? null : (await loader()).command;
}

function unknown(name: string, io: Io): number {
  const near = nearestWord(name, [...commandNames, "help"]);
  const hint = near === null ? "" : ` Did you mean "${near}"?`;
  io.err(`tocsin: there is no command "${plain(name)}".${hint} See: tocsin help\n`);
  return EXIT.usage;
}

async function help(name: string | undefined, io: Io): Promise<number> {
  if (name !== undefined) {
    const command = await load(name);
    return command === null ? unknown(name, io) : command.run(["--help"], io);
  }
  const commands = await Promise.all(commandNames.map(load));
  const lines = commands.flatMap((command) =>
    command === null ? [] : [`  ${command.name.padEnd(12)} ${command.summary}\n`],
  );
  lines.push(`  ${"help".padEnd(12)} this list, or the help of one command\n`);
  io.out(
    `tocsin COMMAND [options]\n\nCommands\n${lines.join("")}\n` +
      "Every command has --help and --json, and talks to the Tocsin at --url, TOCSIN_URL or\n" +
      "http://127.0.0.1:9093, with the API key in TOCSIN_KEY, if any.\n" +
      "Exit codes: 0 done, 1 failed, 2 wrong usage.\n\n" +
      "Examples\n" +
      "  tocsin send alertname=HighLatency service=checkout severity=critical\n" +
      "  tocsin demo --rate 100 --duration 60s\n" +
      "  tocsin incidents\n" +
      "  tocsin help ack\n",
  );
  return EXIT.ok;
}

function version(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
