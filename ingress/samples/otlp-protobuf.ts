/**
 * The protobuf encoding of OTLP metrics: the same export request as in JSON, and its answer. The
 * numbers are those of opentelemetry.proto.metrics.v1 and its collector service.
 */
import type { JsonObject } from "../senders/sender.ts";
import { type FieldRule, type MessageTable, readMessage } from "./protobuf.ts";

const field = (name: string, kind: FieldRule["kind"]): FieldRule => ({ name, kind });
const many = (name: string, kind: FieldRule["kind"]): FieldRule => ({ name, kind, list: true });
const message = (name: string, table: MessageTable): FieldRule => ({
  ...{ name, kind: "message", table },
});
const messages = (name: string, table: MessageTable): FieldRule => ({
  ...{ name, kind: "message", list: true, table },
});

const attribute: MessageTable = {
  1: field("key", "text"),
  2: message("value", {
    1: field("stringValue", "text"),
    2: field("boolValue", "flag"),
    3: field("intValue", "int"),
    4: field("doubleValue", "double"),
  }),
};
const start = field("startTimeUnixNano", "fixed");
const time = field("timeUnixNano", "fixed");
const flags = field("flags", "int");

const numberPoint: MessageTable = {
  2: start,
  3: time,
  4: field("asDouble", "double"),
  6: field("asInt", "sfixed"),
  7: messages("attributes", attribute),
  8: flags,
};
const histogramPoint: MessageTable = {
  2: start,
  3: time,
  4: field("count", "fixed"),
  5: field("sum", "double"),
  6: many("bucketCounts", "fixed"),
  7: many("explicitBounds", "double"),
  9: messages("attributes", attribute),
  10: flags,
  11: field("min", "double"),
  12: field("max", "double"),
};
const summaryPoint: MessageTable = {
  3: time,
  4: field("count", "fixed"),
  5: field("sum", "double"),
  6: messages("quantileValues", { 1: field("quantile", "double"), 2: field("value", "double") }),
  7: messages("attributes", attribute),
  8: flags,
};

const temporality = field("aggregationTemporality", "int");
const metric: MessageTable = {
  1: field("name", "text"),
  3: field("unit", "text"),
  5: message("gauge", { 1: messages("dataPoints", numberPoint) }),
  7: message("sum", {
    1: messages("dataPoints", numberPoint),
    2: temporality,
    3: field("isMonotonic", "flag"),
  }),
  9: message("histogram", { 1: messages("dataPoints", histogramPoint), 2: temporality }),
  10: message("exponentialHistogram", { 1: messages("dataPoints", {}), 2: temporality }),
  11: message("summary", { 1: messages("dataPoints", summaryPoint) }),
};
const request: MessageTable = {
  1: messages("resourceMetrics", {
    1: message("resource", { 1: messages("attributes", attribute) }),
    2: messages("scopeMetrics", { 2: messages("metrics", metric) }),
  }),
};

/** @throws ProtobufError */
export function readExportRequest(body: Buffer): JsonObject {
  // An empty request is an empty message, and not a wrong one.
  return { resourceMetrics: [], ...readMessage(body, request) };
}

/** The answer, with how many data points were refused, and why the first was. */
export function exportResponse(refused: number, why: string): Uint8Array {
  if (refused === 0) return new Uint8Array();
  const text = Buffer.from(why);
  const partial = Buffer.concat([
    ...[Buffer.from([0x08]), varint(refused)],
    ...[Buffer.from([0x12]), varint(text.length), text],
  ]);
  return Buffer.concat([Buffer.from([0x0a]), varint(partial.length), partial]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}
