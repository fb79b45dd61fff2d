/**
 * What all subcommands share: declared options, --help, --url and --json, a hint for misspelt
 * options, and one way to fail. A subcommand's own code sees flags that are known to be good.
 */
import { parseArgs } from "node:util";
import { nearestWord } from "../runtime/config/nearest-word.ts";
import { EXIT } from "./command.ts";
import type { Command, Io } from "./command.ts";

/** "text" may be given once, "texts" many times, "switch" takes no value. */
export type OptionKind = "text" | "texts" | "switch";

/** A failure that is the user's to repair; the message says how. */
export class CommandFailure extends Error {
  exitCode: number;

  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message);
    this.name = "CommandFailure";
    this.exitCode = exitCode;
  }
}

export const usageError = (message: string): CommandFailure =>
  new CommandFailure(message, EXIT.usage);

/** Parsed arguments; asking for an option that was not declared is a defect and throws. */
export class Flags {
  positionals: string[];
  #values: Map<string, string[]>;

  constructor(positionals: string[], values: Map<string, string[]>) {
    this.positionals = positionals;
    this.#values = values;
  }

  has(name: string): boolean {
    return this.texts(name).length > 0;
  }

  text(name: string): string | null {
    return this.texts(name)[0] ?? null;
  }

  texts(name: string): string[] {
    const values = this.#values.get(name);
    if (values === undefined) throw new Error(`option --${name} was not declared`);
    return values;
  }

  /** A whole number in [min, max]; `fallback` when the option is absent. */
  number(name: string, min: number, max: number, fallback: number): number {
    const text = this.text(name);
    if (text === null) return fallback;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw usageError(`--${name}: got "${text}", expected a whole number from ${min} to ${max}`);
  }
}

const commonOptions: Record<string, OptionKind> = { help: "switch", json: "switch", url: "text" };

export function defineCommand(definition: {
  name: string;
  summary: string;
  help: string;
  options: Record<string, OptionKind>;
  run(flags: Flags, io: Io): Promise<number>;
}): Command {
  const { name, summary, help } = definition;
  const options = { ...commonOptions, ...definition.options };
  return {
    name,
    summary,
    help,
    async run(args: string[], io: Io): Promise<number> {
      try {
        const flags = readFlags(args, options);
        if (!flags.has("help")) return await definition.run(flags, io);
        io.out(help);
        return EXIT.ok;
      } catch (error) {
        if (!(error instanceof CommandFailure)) throw error;
        io.err(`tocsin ${name}: ${error.message}\n`);
        if (error.exitCode === EXIT.usage) io.err(`See: tocsin ${name} --help\n`);
        return error.exitCode;
      }
    },
  };
}

function readFlags(args: string[], options: Record<string, OptionKind>): Flags {
  const { tokens } = parseArgs({
    args,
    options: Object.fromEntries(
      Object.entries(options).map(([name, kind]) => [
        name,
        { type: kind === "switch" ? ("boolean" as const) : ("string" as const), multiple: true },
      ]),
    ),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const positionals: string[] = [];
  const values = new Map<string, string[]>(Object.keys(options).map((name) => [name, []]));
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const name = token.rawName === "-h" ? "help" : token.name;
    // "--by --json" is a forgotten value; a value that begins with dashes is written "--by=--x".
    const forgotten = token.inlineValue === false && token.value?.startsWith("--") === true;
    const value = forgotten ? undefined : token.value;
    const checked = optionValue(token.rawName, value, options, name);
    const given = values.get(name);
    given?.push(checked);
    if (options[name] === "text" && given !== undefined && given.length > 1) {
      throw usageError(`--${name} was given twice`);
    }
  }
  return new Flags(positionals, values);
}

function optionValue(
  rawName: string,
  value: string | undefined,
  options: Record<string, OptionKind>,
  name: string,
): string {
  const kind = options[name];
  if (kind === undefined) {
    const near = nearestWord(name, Object.keys(options));
    throw usageError(
      `there is no option ${rawName}` + (near === null ? "" : `; did you mean --${near}?`),
    );
  }
  if (kind === "switch") {
    if (value !== undefined) throw usageError(`${rawName} takes no value`);
    return "";
  }
  if (value === undefined) throw usageError(`${rawName} needs a value`);
  return value;
}
