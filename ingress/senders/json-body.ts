/** A sender's body as JSON: checked for depth and UTF-8 before it is parsed. */
import { jsonFault } from "../json-check.ts";
import { type JsonObject, isObject } from "./sender.ts";

export type JsonBody =
  | { kind: "object"; object: JsonObject }
  /** One sentence that says what is wrong. */
  | { kind: "refused"; why: string };

export function readJsonObject(body: Buffer): JsonBody {
  if (body.length === 0) return { kind: "refused", why: "the body is empty" };
  const fault = jsonFault(body);
  if (fault !== null) return { kind: "refused", why: fault };
  const value = JSON.parse(body.toString()) as unknown;
  if (isObject(value)) return { kind: "object", object: value };
  return { kind: "refused", why: "the body must be a JSON object" };
}
