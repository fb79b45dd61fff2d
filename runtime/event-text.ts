/**
 * Alert events as text. They go through two logs to two readers, so they are written once, as JSON:
 * the engine writes and reads it faster than msgpack, and the strings that it reads stand on their
 * own, while those of msgpack may be slices that keep a whole record alive.
 */
import type { AlertEvent } from "../actors/alert/events.ts";
import type { DedupOutput } from "./step.ts";

/** A dedup output as the step log holds it. */
export type StoredOutput = { domain: string; json: string };

export function eventText(output: DedupOutput): string {
  output.json ??= JSON.stringify(output.event);
  return output.json;
}

/** Where a name of it stands; in a text of it, the quotes would be escaped. */
const protoName = /(?<!\\)"__proto__":/g;

/** @throws SyntaxError for text that is no JSON. */
export function eventOfText(json: string): AlertEvent {
  return JSON.parse(json) as AlertEvent;
}

/**
 * As the incident stage takes it: the name __proto__ is read as msgpack reads it, __proto_, since
 * the stage's own steps and snapshots would bring it back so.
 *
 * @throws SyntaxError for text that is no JSON.
 */
export function workOfText(json: string): AlertEvent {
  return eventOfText(json.includes('"__proto__":') ? json.replace(protoName, '"__proto_":') : json);
}
