/**
 * From JSON of any shape to alerts, by the rules of the configuration (runtime/config/sources.ts).
 * Pure; `tocsin ingest test` shows the same.
 *
 * M1 An item is taken or refused by itself, with the rule that failed and what it found.
 * M2 An alert without an alertname is named after its source.
 */
import type { SourceMapping, SourcePath, SourceRule } from "../../runtime/config/sources.ts";
import { type Fault, fault } from "../alert-check.ts";
import {
  type Decoded,
  type SenderPrincipal,
  type SentAlert,
  annotationText,
  decodeEach,
  dedupKeyOf,
  endedAt,
  labelText,
  ownedLabels,
  readTime,
  textMap,
  timeText,
} from "./sender.ts";
import { firingWords, resolvedWords } from "./severity-words.ts";

/** `reason`s of refused items, beside the intake's own. */
const reasons = {
  notTime: "must be a time: RFC 3339, or seconds or milliseconds since 1970",
  notStatus: "must be one of the words for firing or resolved (status.firing, status.resolved)",
  noKey: "the rule finds no dedup_key",
  otherTenant: "the key belongs to another tenant",
} as const;

/** @returns a sentence when the body has no list of items where it should be. */
export function decodeMapped(
  body: unknown,
  mapping: SourceMapping,
  principal: SenderPrincipal,
  nowMs: number,
): Decoded | string {
  const found = mapping.items === null ? body : valueAt(body, mapping.items);
  if (found === undefined || found === null) {
    return `there is nothing at ${mapping.items?.text ?? "the top"} (items)`;
  }
  const items: unknown[] = Array.isArray(found) ? found : [found];
  return decodeEach(items, (item) => {
    const alert = decodeItem(item, body, mapping, principal, nowMs);
    return "reason" in alert ? alert : [alert];
  });
}

function decodeItem(
  item: unknown,
  body: unknown,
  mapping: SourceMapping,
  principal: SenderPrincipal,
  nowMs: number,
): SentAlert | Fault {
  const read = (rule: SourceRule): string => textOf(rule, item, body);
  const mapped = textMap(
    mapping.labels.map(([name, rule]): [string, string] => [name, labelText(read(rule))]),
  );
  mapped["alertname"] ??= mapping.name;
  const labels = ownedLabels(mapped, principal);
  if (labels === null) return fault(reasons.otherTenant, "labels.tenant_id", mapped["tenant_id"]);
  const status = statusOf(mapping.status, read);
  if (typeof status !== "string") return status;
  const times = timesOf(mapping, status, read, nowMs);
  if ("reason" in times) return times;
  const alert: SentAlert = {
    labels,
    annotations: textMap(
      mapping.annotations.map(([name, rule]): [string, string] => [
        name,
        annotationText(read(rule)),
      ]),
    ),
    ...times,
  };
  const url = mapping.generatorUrl === null ? "" : read(mapping.generatorUrl);
  if (url !== "") alert.generatorURL = url;
  if (mapping.dedupKey === null) return alert;
  const key = read(mapping.dedupKey);
  if (key === "") return fault(reasons.noKey, "dedup_key", pathsOf(mapping.dedupKey));
  return { ...alert, dedup_key: dedupKeyOf(`source/${mapping.name}`, key) };
}

function statusOf(
  status: SourceMapping["status"],
  read: (rule: SourceRule) => string,
): "firing" | "resolved" | Fault {
  if (status === null) return "firing";
  const { rule, firing, resolved } = status;
  const given = read(rule);
  const word = given.trim().toLowerCase();
  if (firing === null && resolved === null) {
    if (resolvedWords.has(word)) return "resolved";
    return firingWords.has(word) ? "firing" : fault(reasons.notStatus, "status", given);
  }
  if (resolved?.includes(word) === true) return "resolved";
  if (firing?.includes(word) === true) return "firing";
  // One list alone: whatever is not in it is the other.
  if (firing === null) return "firing";
  return resolved === null ? "resolved" : fault(reasons.notStatus, "status", given);
}

/** The zero time of many programs, the year 1 or 1970, is none. */
function timesOf(
  { startsAt, endsAt, firesForMs }: SourceMapping,
  status: "firing" | "resolved",
  read: (rule: SourceRule) => string,
  nowMs: number,
): Pick<SentAlert, "startsAt" | "endsAt"> | Fault {
  const timeAt = (rule: SourceRule | null, field: string): string | null | Fault => {
    const given = rule === null ? "" : read(rule);
    if (given === "" || /^0+$/.test(given)) return null;
    const time = readTime(given);
    if (time === null) return fault(reasons.notTime, field, given);
    return Date.parse(time) <= 0 ? null : time;
  };
  const start = timeAt(startsAt, "starts_at");
  if (start !== null && typeof start !== "string") return start;
  const end = timeAt(endsAt, "ends_at");
  if (end !== null && typeof end !== "string") return end;
  const latest = endedAt(nowMs);
  if (status === "resolved") return { endsAt: end === null || end > latest ? latest : end };
  // A firing alert that says of itself that it has ended is one that has ended.
  if (end !== null && end <= timeText(nowMs)) return { endsAt: end < latest ? end : latest };
  const begin = { startsAt: start ?? timeText(nowMs) };
  if (end !== null) return { ...begin, endsAt: end };
  return firesForMs === null ? begin : { ...begin, endsAt: timeText(nowMs + firesForMs) };
}

function textOf(rule: SourceRule, item: unknown, body: unknown): string {
  const { constant, paths, map, fallback, from } = rule;
  const start = from === "item" ? item : body;
  let text = constant ?? "";
  for (const path of constant === null ? paths : []) {
    text = shown(valueAt(start, path));
    if (text !== "") break;
  }
  if (map !== null && text !== "") text = map[text.trim().toLowerCase()] ?? fallback ?? text;
  return text === "" ? (fallback ?? "") : text;
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Only what objects and lists have themselves. */
function valueAt(from: unknown, { steps }: SourcePath): unknown {
  let value = from;
  for (const step of steps) {
    if (typeof value !== "object" || value === null) return undefined;
    if (!Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

const pathsOf = ({ paths }: SourceRule): string => paths.map(({ text }) => text).join(", ");
