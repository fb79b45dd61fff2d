import fc from "fast-check";
import { expect, test } from "vitest";
import type { AlertEvent, Labels } from "../actors/alert/events.ts";
import type { IncidentOutput } from "../actors/incident/types.ts";
import { codec } from "../streams/codec.ts";
import { eventText, workOfText } from "./event-text.ts";
import { IncidentStage } from "./incident-stage.ts";
import { comparable, decodeStep, encodeStep } from "./step-encoding.ts";
import { type DedupOutput, type DedupStep, relayStart } from "./step.ts";
import type { AlertItem } from "./work.ts";

const texts = fc.dictionary(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }));

const opened: fc.Arbitrary<AlertEvent> = fc.record({
  kind: fc.constantFrom("opened" as const, "changed" as const),
  fingerprint: fc.constant("00000000000000aa"),
  atMs: fc.nat(),
  received: fc.constant(1 as const),
  startsAtMs: fc.integer({ min: -62e12, max: 253e12 }),
  endsAtMs: fc.integer({ min: -62e12, max: 253e12 }),
  body: fc.record({
    labels: texts,
    annotations: texts,
    generatorURL: fc.string(),
    dedupKey: fc.option(fc.string()),
  }),
});

const head = { owner: "o", n: 2, inputSeq: 5, timeMs: 9, relayed: relayStart, snapshot: "" };

test("alert events come back from the step log as they were, whatever their labels are", () => {
  fc.assert(
    fc.property(fc.array(opened, { maxLength: 4 }), (events) => {
      const outputs = events.map((event): DedupOutput => ({ domain: "acme/prod", event }));
      const before = codec.encode(outputs);
      const step: DedupStep = { kind: "step", ...head, outputs };
      const read = decodeStep<DedupOutput>(codec, encodeStep(codec, step));
      // Recovery compares the bytes of what it computed with those of what it read.
      expect(codec.encode(read.kind === "step" ? read.outputs : null)).toEqual(before);
    }),
  );
});

test("what was relayed already still compares with what is computed again", () => {
  fc.assert(
    fc.property(fc.array(opened, { minLength: 1, maxLength: 4 }), (events) => {
      const outputs = events.map((event): DedupOutput => ({ domain: "acme/prod", event }));
      const before = comparable(codec, outputs);
      for (const output of outputs) eventText(output);
      expect(comparable(codec, outputs)).toEqual(before);
    }),
  );
});

test("an event that came as text, and one of an older version, do the same", () => {
  fc.assert(
    fc.property(fc.array(opened, { maxLength: 4 }), (events) => {
      const run = (item: (event: AlertEvent) => { json: string } | { event: AlertEvent }) => {
        const stage = new IncidentStage({ codec, partition: 0, config: null });
        const outputs: IncidentOutput[] = [];
        const items = events.map(
          (event, stepSeq): AlertItem => ({ stepSeq, index: 0, ...item(event) }),
        );
        const data = codec.encode({ kind: "alerts", partition: 0, items });
        stage.apply(data, { seq: 1, timeMs: 1_000 }, (output) => void outputs.push(output));
        return JSON.stringify([outputs, stage.snapshot()]);
      };
      const asText = run((event) => ({ json: eventText({ domain: "", event }) }));
      expect(asText).toBe(run((event) => ({ event })));
    }),
  );
});

test("a name that only the prototype has is read as msgpack reads it", () => {
  const annotations = JSON.parse('{"__proto__": "a", "b": "\\"__proto__\\": c"}') as Labels;
  const body = { labels: {}, annotations, generatorURL: "", dedupKey: null };
  const times = { atMs: 0, received: 1 as const, startsAtMs: 0, endsAtMs: 0 };
  const event: AlertEvent = { kind: "opened", fingerprint: "00000000000000aa", ...times, body };
  const read = workOfText(eventText({ domain: "", event }));
  expect(read).toEqual(codec.decode(codec.encode(event)));
  expect(read).toMatchObject({ body: { annotations: { __proto_: "a" } } });
});
