/** What senders say about an alert beside its title, as labels and annotations. Pure. */
import { labelFields } from "../cloudevents-alerts.ts";
import {
  annotationText,
  charCount,
  cutText,
  isObject,
  labelText,
  textField,
} from "./sender.ts";

/** Labels that people route by, where the sender's details name them. Never the tenant (S1). */
export function detailLabels(details: unknown): [string, string][] {
  if (!isObject(details)) return [];
  return labelFields
    .filter((name) => name !== "severity" && !name.startsWith("tenant"))
    .map((name) => [name, labelText(textField(details, name))]);
}

/** A list as the text of an annotation; "" when there is nothing in it. */
export const listText = (value: unknown): string =>
  Array.isArray(value) && value.length > 0 ? annotationText(JSON.stringify(value)) : "";

/** At most so many characters; the end of a longer text is lost. */
export function cutChars(text: string, max: number): string {
  if (charCount(text) <= max) return text;
  return cutText(Array.from(text).slice(0, max).join(""), max * 4);
}
