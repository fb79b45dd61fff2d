/**
 * What an incident says, as models read it: without what differs from alert to alert (numbers,
 * ids, addresses, times), so that equal troubles have equal texts, answers can be remembered by
 * them, and such things leave the program as little as possible. The service stands before it,
 * unmasked: the same sentence about two services need not be one trouble.
 */
import type { IncidentView } from "../../actors/incident/types.ts";

const masks: [RegExp, string][] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, "<id>"],
  [/\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?/g, "<time>"],
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b/g, "<address>"],
  [/\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b/gi, "<id>"],
  [/\d+(?:[.,:]\d+)*/g, "0"],
];

/**
 * @param redact takes personal data and secrets out; goes first, so that it sees whole values.
 * @param charsMax the longest text that is made; the end is cut.
 */
export function maskedText(
  { service, title, description }: Pick<IncidentView, "service" | "title" | "description">,
  redact: (text: string) => string,
  charsMax: number,
): string {
  const whole = description === "" ? title : `${title}\n${description}`;
  let text = redact(whole);
  for (const [what, mask] of masks) text = text.replace(what, mask);
  text = `${redact(service)}: ${text}`.replace(/[^\S\n]+/g, " ").trim();
  return text.slice(0, charsMax).toWellFormed();
}
