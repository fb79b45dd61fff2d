/** A sender's body as JSON: checked for depth and UTF-8 before it is parsed. */
import { jsonFault } from "../json-check.ts";
import { type JsonObject, isObject } from "./sender.ts";

/** One sentence that says what is wrong. */
type Refused = { kind: "refused"; why: string };
export type JsonBody = { kind: "value"; value: unknown } | Refused;
export type JsonObjectBody = { kind: "object"; object: JsonObject } | Refused;

export function readJson(body: Buffer): JsonBody {
  if (body.length === 0) return { kind: "refused", why: "the body is empty" };
  const fault = jsonFault(body);
  if (fault !== null) return { kind: "refused", why: fault };
  return { kind: "value", value: JSON.parse(body.toString()) as unknown };
}

export function readJsonObject(body: Buffer): JsonObjectBody {
  const read = readJson(body);
  if (read.kind === "refused") return read;
  if (isObject(read.value)) return { kind: "object", object: read.value };
  return { kind: "refused", why: "the body must be a JSON object" };
}
