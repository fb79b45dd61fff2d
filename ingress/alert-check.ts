/**
 * Decides whether one alert, as parsed JSON, is acceptable, and says what is wrong with it.
 * It runs only for the alerts that the scanner suspects and for label sets never seen before;
 * its verdict is the only one (N2 of json-scan.ts).
 */
import type { Labels } from "../actors/alert/events.ts";
import {
  alertBytesMax,
  annotationValueBytesMax,
  dedupKeyBytesMax,
  echoCharsMax,
  labelValueBytesMax,
  mapEntriesMax,
  nameBytesMax,
} from "./alert-limits.ts";

/** `reason` comes from a small fixed set (it is a metric label); field and value vary. */
export type Fault = { reason: string; field: string; value: string };

export const faultReasons = {
  notJson: "not a JSON document",
  notObject: "an alert must be a JSON object",
  tooLarge: `an alert may have at most ${alertBytesMax} bytes`,
  notLabels: "labels must be an object of strings",
  noLabels: "at least one label with a value is required",
  notAnnotations: "annotations must be an object of strings",
  notString: "must be a string",
  tooMany: `at most ${mapEntriesMax} entries are allowed`,
  emptyName: "a name must not be empty",
  longName: `a name may have at most ${nameBytesMax} bytes`,
  longLabel: `a label's value may have at most ${labelValueBytesMax} bytes`,
  longAnnotation: `an annotation's value may have at most ${annotationValueBytesMax} bytes`,
  longKey: `a dedup_key may have at most ${dedupKeyBytesMax} bytes`,
  notTime: "must be an RFC 3339 time such as 2026-01-31T12:00:00Z",
  notEvent: "a CloudEvent 1.0 needs specversion, id, source and type",
  notEventData: "an event's data must be JSON: an alert, an array of alerts, or an object",
  otherTenant: "the API key is of another tenant",
  endsFirst: "startsAt must not be after endsAt",
} as const;

/** @returns null for an acceptable alert; times are checked elsewhere. */
export function findFault(alert: unknown): Fault | null {
  if (!isObject(alert)) return fault(faultReasons.notObject, "", alert);
  const { labels, annotations, dedup_key: key } = alert;
  if (!isObject(labels)) return fault(faultReasons.notLabels, "labels", labels);
  const labelFault = findMapFault("labels", labels);
  if (labelFault !== null) return labelFault;
  if (Object.keys(withoutEmpty(labels as Labels)).length === 0) {
    return fault(faultReasons.noLabels, "labels", labels);
  }
  if (annotations !== undefined && annotations !== null) {
    if (!isObject(annotations)) {
      return fault(faultReasons.notAnnotations, "annotations", annotations);
    }
    const annotationFault = findMapFault("annotations", annotations);
    if (annotationFault !== null) return annotationFault;
  }
  for (const field of ["startsAt", "endsAt", "generatorURL", "dedup_key"]) {
    const value = alert[field];
    if (value !== undefined && value !== null && typeof value !== "string") {
      return fault(faultReasons.notString, field, value);
    }
  }
  if (typeof key === "string" && Buffer.byteLength(key) > dedupKeyBytesMax) {
    return fault(faultReasons.longKey, "dedup_key", key);
  }
  return null;
}

function findMapFault(
  field: "labels" | "annotations",
  map: Record<string, unknown>,
): Fault | null {
  const isLabels = field === "labels";
  const names = Object.keys(map);
  if (names.length > mapEntriesMax) {
    return fault(faultReasons.tooMany, field, `${names.length} entries`);
  }
  for (const name of names) {
    const value = map[name];
    const place = `${field}.${name}`;
    if (typeof value !== "string") {
      const reason = isLabels ? faultReasons.notLabels : faultReasons.notAnnotations;
      return fault(reason, place, value);
    }
    if (name === "" && value !== "") return fault(faultReasons.emptyName, field, value);
    if (Buffer.byteLength(name) > nameBytesMax) return fault(faultReasons.longName, place, value);
    if (Buffer.byteLength(value) > (isLabels ? labelValueBytesMax : annotationValueBytesMax)) {
      return fault(isLabels ? faultReasons.longLabel : faultReasons.longAnnotation, place, value);
    }
  }
  return null;
}

/** Alertmanager drops labels whose value is empty before it looks at the rest. */
export function withoutEmpty(labels: Labels): Labels {
  const kept: Labels = Object.create(null) as Labels;
  for (const name of Object.keys(labels)) {
    const value = labels[name] as string;
    if (value !== "") kept[name] = value;
  }
  return kept;
}

export function fault(reason: string, field: string, value: unknown): Fault {
  return { reason, field: shortened(field), value: shortened(shown(value)) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined ? "" : JSON.stringify(value);
}

function shortened(text: string): string {
  return text.length <= echoCharsMax ? text : `${text.slice(0, echoCharsMax - 1)}…`;
}
