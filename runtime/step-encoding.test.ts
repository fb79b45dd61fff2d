import fc from "fast-check";
import { expect, test } from "vitest";
import type { IncidentOutput, IncidentView } from "../actors/incident/types.ts";
import { codec } from "../streams/codec.ts";
import { sampleIncident } from "../testing/sample-notification.ts";
import { decodeStep, encodeStep } from "./step-encoding.ts";
import { relayStart, type IncidentStep } from "./step.ts";

const head = { owner: "o", n: 2, inputSeq: 5, timeMs: 9, relayed: relayStart, snapshot: "" };

const eventOf = (incident: IncidentView): IncidentOutput => ({
  kind: "event",
  event: { kind: "counted", atMs: 1, by: "alerts", because: "again", incident, detail: {} },
});

const stepOf = (outputs: IncidentOutput[]): IncidentStep => ({ kind: "step", ...head, outputs });

/** As JSON: two records that differ in the order of fields differ for recovery, too. */
const text = (step: unknown): string => JSON.stringify(step);

const escalation = { policy: "p", level: 1, round: 0, next_at: null, stopped_because: null };

const view = fc
  .record({
    id: fc.constantFrom("inc-1", "inc-2", "inc-3"),
    title: fc.constantFrom("slow", "", "like"),
    labels: fc.constantFrom<Record<string, string>>({ a: "b" }, {}, { like: "1", but: "2" }),
    alert_count: fc.nat(3),
    cause: fc.constantFrom(null, "a deploy"),
    escalation: fc.constantFrom(null, escalation, { ...escalation, level: 2 }),
    version: fc.nat(3),
  })
  .map((fields) => sampleIncident(fields));

const output: fc.Arbitrary<IncidentOutput> = fc.oneof(
  { weight: 4, arbitrary: view.map(eventOf) },
  fc.constant<IncidentOutput>({ kind: "timer", id: "inc-1", generation: 1, fireAtMs: null }),
);

test("what is decoded is what was encoded, field by field in the same order", () => {
  fc.assert(
    fc.property(fc.array(output, { maxLength: 12 }), (outputs) => {
      const step = stepOf(outputs);
      const before = text(step);
      expect(text(decodeStep(codec, encodeStep(codec, step)))).toBe(before);
      expect(text(step), "the step itself is left alone").toBe(before);
    }),
  );
});

test("of an incident with a thousand events all but the first take a few bytes", () => {
  const { labels } = sampleIncident({});
  const outputs = Array.from({ length: 1_000 }, (_, count) =>
    eventOf(sampleIncident({ labels, alert_count: count, version: count })),
  );
  const whole = text(stepOf(outputs)).length;
  const stored = text(codec.decode(encodeStep(codec, stepOf(outputs)))).length;
  expect(stored).toBeLessThan(whole / 4);
});

test("records of a version that wrote every incident in full are read as they are", () => {
  const step = stepOf([eventOf(sampleIncident({})), eventOf(sampleIncident({ alert_count: 7 }))]);
  expect(decodeStep(codec, codec.encode(step))).toEqual(step);
});

test("a record that refers to an output which is no event is refused", () => {
  const incident = { like: 1, but: {} } as unknown as IncidentView;
  const timer: IncidentOutput = { kind: "timer", id: "inc-1", generation: 1, fireAtMs: 5 };
  const data = codec.encode(stepOf([eventOf(incident), timer]));
  expect(() => decodeStep(codec, data)).toThrow(/refers to output 1/);
});
