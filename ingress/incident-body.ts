/**
 * Strict reading of small JSON bodies. A reader takes one field after the other and collects
 * faults instead of stopping at the first; fields that nobody took are faults too, because a
 * misspelt field that is silently ignored is a change that silently did not happen.
 */
import type { Labels } from "../actors/alert/events.ts";
import { remarkCharsMax } from "../actors/incident/commands.ts";
import { titleCharsMax } from "../actors/incident/identity.ts";
import { nearestWord } from "../runtime/config/nearest-word.ts";
import { problem } from "./http.ts";
import type { HttpRequest, HttpResponse } from "./http.ts";
import { shown } from "./incident-refusals.ts";
import type { Fault } from "./incident-refusals.ts";

/**
 * Lengths in UTF-16 code units. What the core would cut is refused here instead: nobody's words
 * are shortened behind their back.
 */
export const incidentLimits = {
  bodyBytesMax: 64 * 1024,
  titleMax: titleCharsMax,
  textMax: remarkCharsMax,
  serviceMax: 200,
  byMax: 200,
  causeMax: remarkCharsMax,
  dedupKeyMax: 512,
  /** Alerts and merged incidents that one request splits off. */
  splitMax: 1_000,
  labelsMax: 64,
  labelNameMax: 256,
  labelValueMax: 2_048,
} as const;

export class BodyReader {
  faults: Fault[] = [];
  #fields: Record<string, unknown>;
  #known: string[] = [];

  constructor(fields: Record<string, unknown>) {
    this.#fields = fields;
  }

  /** Text of 1..max characters that is not blank; null when absent. */
  text(name: string, max: number): string | null {
    const value = this.#take(name);
    if (value === undefined) return null;
    if (typeof value === "string" && value.length <= max && value.trim() !== "") {
      return value.toWellFormed();
    }
    this.#fault(name, value, `text of 1 to ${max} characters, not only blanks`);
    return null;
  }

  /** Like `text`, and a fault when absent. */
  requiredText(name: string, max: number): string {
    const value = this.text(name, max);
    if (value === null && this.#fields[name] === undefined) {
      this.faults.push({ name, value: "nothing", expected: `text of 1 to ${max} characters` });
    }
    return value ?? "";
  }

  /** Like `text`, but may be empty. */
  looseText(name: string, max: number): string {
    return this.#fields[name] === "" ? (this.#take(name) as string) : (this.text(name, max) ?? "");
  }

  choice<T extends string>(name: string, choices: readonly T[]): T | null {
    const value = this.#take(name);
    if (value === undefined) return null;
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    const near = typeof value === "string" ? nearestWord(value, choices) : null;
    const hint = near === null ? "" : `; did you mean "${near}"?`;
    this.#fault(name, value, `one of ${choices.join(", ")}${hint}`);
    return null;
  }

  /** A list of choices, at least one; null when absent. */
  choices<T extends string>(name: string, choices: readonly T[]): T[] | null {
    const value = this.#take(name);
    if (value === undefined) return null;
    const found = choices.filter((choice) => Array.isArray(value) && value.includes(choice));
    if (found.length > 0 && found.length === new Set(value as unknown[]).size) return found;
    this.#fault(name, value, `a list of some of ${choices.join(", ")}`);
    return null;
  }

  /** A list of 1 to `most` texts of 1 to `max` characters; null when absent. */
  texts(name: string, most: number, max: number): string[] | null {
    const value = this.#take(name);
    if (value === undefined) return null;
    const isText = (one: unknown): one is string =>
      typeof one === "string" && one.length <= max && one.trim() !== "";
    if (Array.isArray(value) && value.length > 0 && value.length <= most && value.every(isText)) {
      return value.map((text) => text.toWellFormed());
    }
    this.#fault(name, value, `a list of 1 to ${most} texts of 1 to ${max} characters`);
    return null;
  }

  /** A list of whatever, its items to be read by the caller; null when absent. */
  items(name: string, max: number): unknown[] | null {
    const value = this.#take(name);
    if (value === undefined) return null;
    if (Array.isArray(value) && value.length <= max) return value as unknown[];
    const given = Array.isArray(value) ? `${value.length} entries` : shown(value);
    this.faults.push({ name, value: given, expected: `a list of at most ${max} entries` });
    return null;
  }

  labels(name: string): Labels {
    const value = this.#take(name);
    if (value === undefined) return {};
    if (!isObject(value)) {
      this.#fault(name, value, "an object of texts");
      return {};
    }
    const entries = Object.entries(value);
    const { labelsMax } = incidentLimits;
    if (entries.length > labelsMax) {
      const given = `${entries.length} labels`;
      this.faults.push({ name, value: given, expected: `at most ${labelsMax} labels` });
      return {};
    }
    const labels: [string, string][] = [];
    for (const [label, given] of entries) {
      const text = this.#label(name, label, given);
      if (text !== "") labels.push([label.toWellFormed(), text]);
    }
    return Object.fromEntries(labels);
  }

  /** All faults, after every expected field was taken; empty: the body is good. */
  finish(): Fault[] {
    for (const name of Object.keys(this.#fields)) {
      if (this.#known.includes(name)) continue;
      const near = nearestWord(name, this.#known);
      const expected =
        near === null ? `only the fields ${this.#known.join(", ")}` : `did you mean "${near}"?`;
      this.faults.push({ name, value: shown(this.#fields[name]), expected });
    }
    return this.faults;
  }

  /** A label's text; "" when it is at fault. An empty label counts as absent, as in an alert. */
  #label(field: string, label: string, text: unknown): string {
    const { labelNameMax, labelValueMax } = incidentLimits;
    const name = `${field}.${label.slice(0, labelNameMax)}`;
    if (label === "" || label.length > labelNameMax || label === "__proto__") {
      this.#fault(name, text, `a label name of 1 to ${labelNameMax} characters`);
      return "";
    }
    if (typeof text !== "string" || text.length > labelValueMax) {
      this.#fault(name, text, `a text of at most ${labelValueMax} characters`);
      return "";
    }
    return text.toWellFormed();
  }

  /** null counts as absent. */
  #take(name: string): unknown {
    this.#known.push(name);
    return this.#fields[name] ?? undefined;
  }

  #fault(name: string, value: unknown, expected: string): void {
    this.faults.push({ name, value: shown(value), expected });
  }
}

export type BodyResult =
  | { kind: "read"; reader: BodyReader }
  | { kind: "refused"; response: HttpResponse };

/** Opens a request's body, which must be one JSON object of at most so many bytes. */
export function openBody(
  request: HttpRequest,
  bodyBytesMax: number = incidentLimits.bodyBytesMax,
): BodyResult {
  const refused = (status: number, title: string, detail: string): BodyResult => ({
    kind: "refused",
    response: problem(status, title, detail),
  });
  const mediaType = (request.header("content-type").split(";", 1)[0] ?? "").trim().toLowerCase();
  if (!["", "application/json", "application/merge-patch+json"].includes(mediaType)) {
    const detail = `got ${shown(mediaType)}; send the body as application/json`;
    return refused(415, "Unsupported media type", detail);
  }
  if (request.body.length > bodyBytesMax) {
    const detail = `${request.body.length} bytes were sent, at most ${bodyBytesMax} are read`;
    return refused(413, "Body too large", detail);
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(request.body));
  } catch (error) {
    const why = error instanceof SyntaxError ? error.message : "it is not valid UTF-8";
    return refused(400, "Invalid JSON", `the body is not a JSON document: ${why}`);
  }
  if (!isObject(value)) {
    return refused(400, "Invalid body", `got ${shown(value)}, expected a JSON object`);
  }
  return { kind: "read", reader: new BodyReader(value) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
