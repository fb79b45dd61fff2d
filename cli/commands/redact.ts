/** `tocsin redact test`: what redaction would make of a text, before it is switched on. */
import { readFileSync, statSync } from "node:fs";
import { Redactor } from "../../ingress/redaction/redactor.ts";
import { loadConfiguration, shippedConfigFile } from "../../runtime/config/load.ts";
import { ConfigError } from "../../runtime/config/problems.ts";
import { redactionKinds, type RedactionConfig } from "../../runtime/config/redaction-section.ts";
import { EXIT } from "../command.ts";
import type { Io } from "../command.ts";
import { CommandFailure, defineCommand, usageError } from "../define-command.ts";
import type { Flags } from "../define-command.ts";
import { plain } from "../plain-text.ts";

const textBytesMax = 1024 * 1024;

const help = `tocsin redact test [options] TEXT|FILE

Shows what redaction makes of a text with the kinds, patterns and style of the configuration,
whether it is switched on there or not, and counts what was replaced. Nothing is sent or stored.

What names a file is read from it; - is standard input; anything else is the text itself, which
is looked at as if it were one annotation.

  --config FILE  where the section redaction is (TOCSIN_CONFIG; default config/tocsin.yaml)
  --all          all built-in kinds, whichever the configuration names
  --json         {"text": TEXT, "redactions": {KIND: COUNT}, "enabled": BOOLEAN}
  --url URL      has no effect: no running Tocsin is needed

Examples
  tocsin redact test 'reported by jane@example.com from 10.0.0.1' --all
  tocsin redact test --config tocsin.yaml alert.json
  kubectl logs checkout | tocsin redact test -
`;

async function run(flags: Flags, io: Io): Promise<number> {
  const [verb, ...words] = flags.positionals;
  if (verb !== "test") {
    throw usageError(verb === undefined ? "say test" : `got "${verb}", expected test`);
  }
  if (words.length === 0) throw usageError("expected a TEXT, a FILE or -");
  const config = configOf(flags.text("config") ?? io.env["TOCSIN_CONFIG"] ?? shippedConfigFile);
  const kinds = flags.has("all") ? [...redactionKinds] : config.kinds;
  const text = await readText(words, io);
  const counts = new Map<string, number>();
  const redactor = new Redactor({ ...config, kinds });
  const redacted = redactor.redact(text, (kind) => counts.set(kind, (counts.get(kind) ?? 0) + 1));
  if (flags.has("json")) {
    const redactions = Object.fromEntries(counts);
    io.out(`${JSON.stringify({ text: redacted, redactions, enabled: config.enabled })}\n`);
    return EXIT.ok;
  }
  io.out(redacted.split("\n").map(plain).join("\n").replace(/\n?$/, "\n"));
  io.err(`${summary(counts)}${config.enabled ? "" : "; redaction.enabled is false there"}\n`);
  return EXIT.ok;
}

function configOf(file: string): RedactionConfig {
  try {
    return loadConfiguration(file).redaction;
  } catch (error) {
    if (error instanceof ConfigError) throw new CommandFailure(plain(error.message));
    throw error;
  }
}

async function readText(words: string[], io: Io): Promise<string> {
  const [first = ""] = words;
  const isAlone = words.length === 1;
  const chunks: Uint8Array[] = [];
  if (isAlone && first === "-") for await (const chunk of io.input ?? []) chunks.push(chunk);
  else if (isAlone && statSync(first, { throwIfNoEntry: false })?.isFile() === true) {
    try {
      chunks.push(readFileSync(first));
    } catch (error) {
      throw new CommandFailure(`cannot read ${plain(first)}: ${(error as Error).message}`);
    }
  } else chunks.push(Buffer.from(words.join(" ")));
  const bytes = Buffer.concat(chunks);
  if (bytes.length <= textBytesMax) return bytes.toString();
  throw new CommandFailure(`the text has ${bytes.length} bytes, expected at most ${textBytesMax}`);
}

function summary(counts: Map<string, number>): string {
  if (counts.size === 0) return "nothing would be replaced";
  return `replaced: ${[...counts].map(([kind, count]) => `${count} ${kind}`).join(", ")}`;
}

export const command = defineCommand({
  name: "redact",
  summary: "test: what redaction of personal data and secrets makes of a text",
  help,
  options: { config: "text", all: "switch" },
  run,
});
