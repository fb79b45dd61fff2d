/**
 * Alerts from a file or a pipe: a JSON array, one JSON object, or one object a line (NDJSON,
 * read as a stream, so its length does not matter). A bad line is reported and skipped.
 */
import { TextDecoder } from "node:util";
import { CommandFailure } from "./define-command.ts";

export type SourceItem =
  | { kind: "alert"; json: string }
  /** `place` is "line 7" or "item 3". */
  | { kind: "bad"; place: string; reason: string };

/** A document that is no NDJSON has to fit in memory. */
const documentCharsMax = 256 * 1024 * 1024;
const lineCharsMax = 1024 * 1024;

/** @param name of the source, for errors. */
export async function* readAlerts(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<SourceItem> {
  let document: string | null = null;
  let number = 0;
  let begun = false;
  for await (const line of linesOf(chunks, name)) {
    number += 1;
    if (document !== null) {
      document += `\n${line}`;
      if (document.length > documentCharsMax) throw tooLong(name);
      continue;
    }
    if (line.trim() === "") continue;
    if (!begun && !isJsonObject(line)) {
      document = line;
      continue;
    }
    begun = true;
    yield item(line, `line ${number}`);
  }
  if (document !== null) yield* fromDocument(document, name);
}

function item(text: string, place: string): SourceItem {
  if (text.length > lineCharsMax) {
    return { kind: "bad", place, reason: `longer than ${lineCharsMax} characters` };
  }
  if (isJsonObject(text)) return { kind: "alert", json: text };
  return { kind: "bad", place, reason: "not a JSON object" };
}

function* fromDocument(text: string, name: string): Generator<SourceItem> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(
      `${name} is neither a JSON array of alerts, nor one alert, nor one alert a line: ${why}`,
    );
  }
  const items: unknown[] = Array.isArray(value) ? value : [value];
  for (const [index, one] of items.entries()) {
    yield item(JSON.stringify(one), `item ${index + 1}`);
  }
}

function isJsonObject(text: string): boolean {
  if (!text.trimStart().startsWith("{")) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + decode(decoder, chunk, name)).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > documentCharsMax) throw tooLong(name);
    yield* lines;
  }
  rest += decode(decoder, undefined, name);
  if (rest !== "") yield rest;
}

function decode(decoder: TextDecoder, chunk: Uint8Array | undefined, name: string): string {
  try {
    return decoder.decode(chunk, { stream: chunk !== undefined });
  } catch {
    throw new CommandFailure(`${name} is not valid UTF-8`);
  }
}

const tooLong = (name: string): CommandFailure =>
  new CommandFailure(`${name} is too long for one JSON document; use one alert a line (NDJSON)`);
