/**
 * Gives alerts the labels of their owner, the holder of a key: `tenant_id`, and `service` where
 * they name none. An alert that names another tenant is refused. What comes out is a body again,
 * so that everything behind reads one kind of bytes.
 *
 * O1 Labels are added at the end: of equal names the last one counts (N3 of json-scan.ts), so an
 *    empty `tenant_id` of the sender's cannot take the added one away.
 * O2 What is no acceptable alert anyway is passed on as it is, for alert-check.ts to refuse.
 */
import type { AlertOwner, RejectedAlert } from "../runtime/services.ts";
import { fault, faultReasons } from "./alert-check.ts";
import { tenantLabels } from "./fingerprint.ts";
import { type AlertScanner, columns, rowWidth } from "./json-scan.ts";
import { ownedLabels } from "./senders/sender.ts";

/** `places`: the index in the request of each alert of `body`, a JSON array. */
export type OwnedBody = { body: Uint8Array; places: number[]; refused: RejectedAlert[] };

const comma = Buffer.from(",");

/**
 * @param scanner has just scanned the body.
 * @returns null when the body may stay as it is.
 */
export function ownedBody(
  body: Uint8Array,
  scanner: AlertScanner,
  owner: AlertOwner,
): OwnedBody | null {
  if (owner.tenant === null && owner.service === null) return null;
  const parts: Uint8Array[] = [];
  const places: number[] = [];
  const refused: RejectedAlert[] = [];
  let isSame = true;
  for (let index = 0; index < scanner.count; index += 1) {
    const row = index * rowWidth;
    const start = scanner.rows[row] as number;
    const end = scanner.rows[row + columns.end] as number;
    const text = (from: number, to: number): string =>
      Buffer.from(body.buffer, body.byteOffset + from, to - from).toString();
    if (scanner.rows[row + columns.broken] === 1) {
      const shown = text(start, Math.min(end, start + 400));
      refused.push({ index, ...fault(faultReasons.notJson, "", shown) });
      continue;
    }
    const labelsStart = scanner.rows[row + columns.labels] as number;
    const labelsEnd = scanner.rows[row + columns.labels + 1] as number;
    const added = labelsStart === -1 ? "" : addition(text(labelsStart, labelsEnd), owner);
    if (typeof added !== "string") {
      refused.push({ index, ...added });
      continue;
    }
    if (places.length > 0) parts.push(comma);
    places.push(index);
    if (added === "") parts.push(body.subarray(start, end));
    else {
      isSame = false;
      const closing = labelsEnd - 1;
      parts.push(body.subarray(start, closing), Buffer.from(added), body.subarray(closing, end));
    }
  }
  if (isSame && refused.length === 0) return null;
  return { body: Buffer.concat([Buffer.from("["), ...parts, Buffer.from("]")]), places, refused };
}

/** What is to be written before the labels' closing brace, or why the alert is refused. */
function addition(json: string, owner: AlertOwner): string | ReturnType<typeof fault> {
  const sent: unknown = JSON.parse(json);
  if (!isLabels(sent)) return "";
  const owned = ownedLabels(sent, owner);
  if (owned === null) {
    const name = tenantLabels.find((one) => (sent[one] ?? "") !== "" && sent[one] !== owner.tenant);
    return fault(faultReasons.otherTenant, `labels.${name}`, sent[name ?? ""]);
  }
  let added = "";
  for (const name of Object.keys(owned)) {
    if ((Object.hasOwn(sent, name) ? sent[name] : "") === owned[name]) continue;
    added += `,${JSON.stringify(name)}:${JSON.stringify(owned[name])}`;
  }
  return added;
}

/** Whether these are labels at all, one with a value among them. */
function isLabels(value: unknown): value is Record<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const values = Object.values(value as Record<string, unknown>);
  return values.every((one) => typeof one === "string") && values.some((one) => one !== "");
}
