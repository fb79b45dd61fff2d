/**
 * The subcommands that change an incident (ack, resolve, note, …) differ only in what they ask
 * for; this is what they share: ids, who asks, a key that makes repeating safe, the answer.
 */
import { randomUUID } from "node:crypto";
import type { IncidentView } from "../actors/incident/types.ts";
import { apiOf } from "./api.ts";
import type { Api } from "./api.ts";
import { paintFor, statusColour } from "./colours.ts";
import { EXIT } from "./command.ts";
import type { Command, Io } from "./command.ts";
import { CommandFailure, defineCommand, usageError } from "./define-command.ts";
import type { Flags, OptionKind } from "./define-command.ts";
import { findIncident, incidentPath } from "./incident-api.ts";
import { plain } from "./plain-text.ts";

const idsMax = 100;

const commonHelp = `  --by NAME    who does it, for the timeline (default: $USER)
  --json       print each incident as one line of JSON
  --url URL    where Tocsin is (TOCSIN_URL, default http://127.0.0.1:9093)
`;

/** The fields of a PATCH. */
export type ChangeBody = Record<string, string | string[]>;

export type ChangeDefinition = {
  name: string;
  summary: string;
  /** What comes after "tocsin <name> " in the usage line. */
  usage: string;
  /** A paragraph on what it does. */
  about: string;
  /** Lines on the command's own options, ending with a newline; "" when there are none. */
  optionsHelp: string;
  examples: string[];
  options: Record<string, OptionKind>;
  /** The PATCH body without "by". Called before anything is sent. */
  body(flags: Flags, api: Api): Promise<ChangeBody> | ChangeBody;
  /** The sentence after the incident's id, e.g. "is acknowledged". */
  done(incident: IncidentView): string;
};

export function defineChange(definition: ChangeDefinition): Command {
  const { name, summary } = definition;
  const examples = definition.examples.map((example) => `  ${example}\n`).join("");
  return defineCommand({
    name,
    summary,
    help:
      `tocsin ${name} ${definition.usage}\n\n${definition.about}\n` +
      "An ID may be abbreviated to a beginning that only one incident has.\n\n" +
      `${definition.optionsHelp}${commonHelp}\nExamples\n${examples}`,
    options: { by: "text", ...definition.options },
    run: (flags, io) => run(definition, flags, io),
  });
}

async function run(definition: ChangeDefinition, flags: Flags, io: Io): Promise<number> {
  const ids = flags.positionals;
  if (ids.length === 0) {
    throw usageError(`which incident? Usage: tocsin ${definition.name} ${definition.usage}`);
  }
  if (ids.length > idsMax) throw usageError(`at most ${idsMax} incidents at once`);
  const api = apiOf(flags, io);
  const body = { ...(await definition.body(flags, api)), by: byOf(flags, io) };
  let code: number = EXIT.ok;
  for (const id of ids) {
    try {
      await changeOne(definition, api, id, body, flags, io);
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      if (ids.length === 1) throw error;
      io.err(`tocsin ${definition.name}: ${plain(id)}: ${error.message}\n`);
      code = EXIT.failed;
    }
  }
  return code;
}

async function changeOne(
  definition: ChangeDefinition,
  api: Api,
  id: string,
  body: ChangeBody,
  flags: Flags,
  io: Io,
): Promise<void> {
  const { id: fullId } = await findIncident(api, id);
  const after = (await api.call({
    method: "PATCH",
    path: incidentPath(fullId),
    body,
    idempotencyKey: randomUUID(),
  })) as IncidentView;
  if (flags.has("json")) {
    io.out(`${JSON.stringify(after)}\n`);
    return;
  }
  const done = paintFor(io)(statusColour(after.status), plain(definition.done(after)));
  io.out(`${plain(after.id)} ${done}: ${plain(after.title)}\n`);
}

/** Who signs a change. */
export function byOf(flags: Flags, io: Io): string {
  const { env } = io;
  return flags.text("by") ?? (env["USER"] || env["LOGNAME"] || env["USERNAME"] || "cli");
}
