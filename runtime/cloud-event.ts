/** An incident event as CloudEvents 1.0 structured JSON, and which events are public. */
import type { IncidentEvent, IncidentEventKind } from "../actors/incident/types.ts";
import { timeText } from "../actors/incident/view.ts";

/** Bookkeeping that subscribers of incidents have no use for; the event log has it all. */
const privateKinds: ReadonlySet<IncidentEventKind> = new Set(["counted", "retired"]);

export function isPublic(kind: IncidentEventKind): boolean {
  return !privateKinds.has(kind);
}

/**
 * @param id the event's origin: the same event has the same id however often it is sent.
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
export function cloudEvent(id: string, event: IncidentEvent): Uint8Array {
  const { kind, atMs, by, because, incident, detail } = event;
  const text = JSON.stringify({
    specversion: "1.0",
    id,
    source: "/tocsin",
    type: `io.tocsin.incident.${kind}`,
    subject: incident.id,
    time: timeText(atMs),
    datacontenttype: "application/json",
    data: { event: kind, by, because, detail, incident },
  });
  return Buffer.from(text);
}
