/** What the outbox may hold, and how it is refused. */
import { expect, test } from "vitest";
import { sampleGroup } from "../testing/group-delivery.ts";
import { decodeGroupNotification } from "./group-notification.ts";

const alert = sampleGroup().alerts[0]!;

test("a group notification is taken as it is", () => {
  const group = sampleGroup();
  expect(decodeGroupNotification(group)).toBe(group);
});

test.each<[unknown, string]>([
  [null, "group notification: got null, expected an object"],
  [[], "group notification: got [], expected an object"],
  [{ ...sampleGroup(), kind: "incident" }, 'kind: got "incident", expected "group"'],
  [{ ...sampleGroup(), id: 7 }, "id: got 7, expected a text"],
  [{ ...sampleGroup(), groupKey: undefined }, "groupKey: got undefined, expected a text"],
  [{ ...sampleGroup(), integration: "webhook" }, 'integration: got "webhook", expected an object'],
  [
    { ...sampleGroup(), integration: { kind: "webhook", index: -1 } },
    "integration.index: got -1, expected a position from 0",
  ],
  [{ ...sampleGroup(), groupLabels: { a: 1 } }, "groupLabels.a: got 1, expected a text"],
  [{ ...sampleGroup(), status: "odd" }, 'status: got "odd", expected firing or resolved'],
  [{ ...sampleGroup(), atMs: 1e17 }, "atMs: got 100000000000000000, expected a time in ms"],
  [{ ...sampleGroup(), alerts: {} }, "alerts: got {}, expected a list"],
  [{ ...sampleGroup(), alerts: [] }, "alerts: got [], expected at least one alert"],
  [
    { ...sampleGroup(), alerts: [{ ...alert, fingerprint: "XYZ" }] },
    'alerts[0].fingerprint: got "XYZ", expected 16 hexadecimal digits',
  ],
  [
    { ...sampleGroup(), alerts: [alert, { ...alert, endsAtMs: "now" }] },
    'alerts[1].endsAtMs: got "now", expected a time in ms',
  ],
  [
    { ...sampleGroup(), alerts: [{ ...alert, isNew: 1 }] },
    "alerts[0].isNew: got 1, expected true or false",
  ],
])("refused, case %#", (value, message) => {
  expect(() => decodeGroupNotification(value)).toThrow(new Error(message));
});
