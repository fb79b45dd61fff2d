/**
 * A silence as Alertmanager's clients send it, with `recurrence` as an addition. What is wrong is
 * answered as Alertmanager's server does: 400 for what is not the shape of a silence, 422 and a
 * code for what is missing, the first by name.
 */
import type { Labels } from "../../actors/alert/events.ts";
import { refusedExpression } from "../../runtime/linear-regexps.ts";
import type { ZoneOffsets } from "../../actors/dispatch/zones.ts";
import type { SilenceRecurrence } from "../../actors/dispatch/types.ts";
import type { Matcher } from "../../actors/incident/types.ts";
import { weekdayNames } from "../../runtime/config/recurrence.ts";
import { zoneOffsets } from "../../runtime/time-zones.ts";
import type { SilenceWish } from "../../runtime/silence-changes.ts";
import { jsonFault } from "../json-check.ts";
import { BadQuery } from "./query.ts";

export type SilenceBody = { id: string; wish: SilenceWish };

/** The first fault, by the path of its field. `code`: 400, or one of a missing value. */
export class BadSilence extends Error {
  readonly code: number;

  constructor(message: string, code = badShape) {
    super(message);
    this.code = code;
  }
}

type Fields = Record<string, unknown>;

const badShape = 400;
const missing = 602;
const tooFewItems = 612;
const matchersMax = 100;
const textCharsMax = 65_536;
/** All of it: every partition keeps it, and many have to fit into one answer. */
const silenceBytesMax = 128 * 1024;

/** @throws BadSilence | BadQuery */
export function readSilence(body: Buffer): SilenceBody {
  const fields = fieldsOf(parsed(body), "silence");
  const comment = readText(fields, "comment");
  const createdBy = readText(fields, "createdBy");
  const endsAtMs = readTime(fields, "endsAt");
  const matchers = fields["matchers"];
  if (matchers === undefined || matchers === null) throw required("matchers");
  if (!Array.isArray(matchers)) throw fault("matchers", matchers, "a list");
  if (matchers.length === 0) {
    throw new BadSilence("matchers in body should have at least 1 items", tooFewItems);
  }
  if (matchers.length > matchersMax) {
    throw invalid(`matchers: ${matchers.length}, expected at most ${matchersMax}`);
  }
  const annotations = fields["annotations"] ?? {};
  const wish: SilenceWish = {
    matchers: matchers.map(readMatcher),
    startsAtMs: readTime(fields, "startsAt"),
    ...{ endsAtMs, createdBy, comment },
    annotations: readLabels(fieldsOf(annotations, "annotations")),
    recurrence: readRecurrence(fields["recurrence"]),
  };
  const bytes = Buffer.byteLength(JSON.stringify(wish));
  if (bytes > silenceBytesMax) {
    throw invalid(`its texts have ${bytes} bytes, expected at most ${silenceBytesMax}`);
  }
  return { id: fields["id"] === undefined ? "" : readText(fields, "id"), wish };
}

function parsed(body: Buffer): unknown {
  const problem = jsonFault(body);
  if (problem !== null) throw new BadSilence(`parsing silence body failed: ${problem}`);
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw new BadSilence(`parsing silence body failed: ${(error as Error).message}`);
  }
}

function readMatcher(value: unknown, index: number): Matcher {
  const at = `matchers.${index}`;
  const fields = fieldsOf(value, at);
  const isRegex = readFlag(fields, "isRegex", at);
  const label = readText(fields, "name", at);
  const text = readText(fields, "value", at);
  const isEqual = fields["isEqual"] === undefined ? true : readFlag(fields, "isEqual", at);
  if (label === "") throw invalid(`${at}.name: expected a label's name`);
  const matcher: Matcher = { label, op: opOf(isRegex, isEqual), value: text };
  const refusal = isRegex ? refusedExpression(matcher) : null;
  if (refusal !== null) throw invalid(`${at}.value: ${JSON.stringify(text)}: ${refusal}`);
  return matcher;
}

function opOf(isRegex: boolean, isEqual: boolean): Matcher["op"] {
  if (isRegex) return isEqual ? "=~" : "!~";
  return isEqual ? "=" : "!=";
}

/** `{"weekdays": ["monday"], "from": "22:00", "to": "06:00", "location": "Europe/Berlin"}` */
function readRecurrence(value: unknown): SilenceRecurrence | null {
  if (value === undefined || value === null) return null;
  const fields = fieldsOf(value, "recurrence");
  const weekdays = fields["weekdays"] ?? [];
  if (!Array.isArray(weekdays)) throw fault("recurrence.weekdays", weekdays, "a list of weekdays");
  const location = fields["location"] === undefined ? "UTC" : readText(fields, "location");
  const offsets = readZone(location);
  const [fromMinute, toMinute] = [readMinute(fields, "from"), readMinute(fields, "to")];
  if (fromMinute === toMinute) throw fault("recurrence.to", fields["to"], "a time other than from");
  return { weekdays: weekdays.map(readWeekday), fromMinute, toMinute, location, offsets };
}

function readZone(name: string): ZoneOffsets {
  try {
    return zoneOffsets(name);
  } catch {
    throw fault("recurrence.location", name, "a time zone such as Europe/Berlin");
  }
}

function readWeekday(value: unknown): number {
  const day = weekdayNames.indexOf(String(value).toLowerCase());
  if (day < 0) throw fault("recurrence.weekdays", value, `one of ${weekdayNames.join(", ")}`);
  return day;
}

function readMinute(fields: Fields, name: string): number {
  const match = /^([01]\d|2[0-4]):([0-5]\d)$/.exec(String(fields[name]));
  const minute = match === null ? Number.NaN : Number(match[1]) * 60 + Number(match[2]);
  if (minute <= 1_440) return minute;
  throw fault(`recurrence.${name}`, fields[name], "a time of the day such as 22:00");
}

function readTime(fields: Fields, name: string): number {
  const text = readText(fields, name);
  const ms = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  throw fault(name, text, "a time such as 2026-01-31T12:00:00Z");
}

function readLabels(fields: Fields): Labels {
  return Object.fromEntries(Object.keys(fields).map((name) => [name, readText(fields, name)]));
}

function readText(fields: Fields, name: string, at = ""): string {
  const value = fields[name];
  const path = at === "" ? name : `${at}.${name}`;
  if (value === undefined || value === null) throw required(path);
  if (typeof value !== "string") throw fault(path, value, "a text");
  if (value.length <= textCharsMax) return value;
  throw invalid(`${path}: ${value.length} characters, expected at most ${textCharsMax}`);
}

function readFlag(fields: Fields, name: string, at: string): boolean {
  const value = fields[name];
  if (value === undefined) throw required(`${at}.${name}`);
  if (typeof value === "boolean") return value;
  throw fault(`${at}.${name}`, value, "true or false");
}

function fieldsOf(value: unknown, path: string): Fields {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (isObject) return value as Fields;
  throw fault(path, value, "an object");
}

/** It has the shape of a silence and makes no sense. */
function invalid(why: string): BadQuery {
  return new BadQuery(`silence invalid: ${why}`);
}

function required(path: string): BadSilence {
  return new BadSilence(`${path} in body is required`, missing);
}

function fault(path: string, value: unknown, expected: string): BadSilence {
  const shown = (JSON.stringify(value) ?? "nothing").slice(0, 60);
  return new BadSilence(`${path}: got ${shown}, expected ${expected}`);
}
