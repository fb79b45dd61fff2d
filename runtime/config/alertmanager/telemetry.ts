/**
 * `tracing` and `event_recorder`: how Alertmanager tells of itself. Tocsin has an event log, SQL
 * and metrics for that; these sections are checked, and a warning says that they do nothing.
 */
import type { ConfigValue } from "../value.ts";
import {
  choice,
  duration,
  field,
  flag,
  integer,
  readSettings,
  secretUrl,
  text,
  texts,
  type Field,
} from "./fields.ts";
import { http, httpHeaders, tls } from "./http-config.ts";

const outputsMax = 1_000;

const fraction: Field<number> = field((value) => {
  const number = Number(value.scalarText("0"));
  if (Number.isNaN(number)) value.expected("a number");
  return number;
});

const tracingFields = {
  client_type: choice(["grpc", "http"], "grpc"),
  endpoint: text(),
  sampling_fraction: fraction,
  insecure: flag(false),
  tls_config: tls,
  headers: httpHeaders,
  compression: choice(["", "gzip"], ""),
  timeout: duration(0),
};

const outputFields = {
  file_outputs: { path: text() },
  webhook_outputs: {
    url: secretUrl,
    http_config: http,
    timeout: duration(0),
    workers: integer,
    max_retries: integer,
    retry_backoff: duration(0),
    batch: flag(false),
    batch_max_events: integer,
    batch_max_bytes: integer,
    batch_flush_interval: duration(0),
  },
  kafka_outputs: {
    brokers: texts,
    topic: text(),
    client_id: text(),
    format: text(),
    acks: text(),
    compression: text(),
    buffer_size: integer,
    tls_config: tls,
  },
  stdout_outputs: {},
};

export function checkTelemetry(
  tracing: ConfigValue,
  eventRecorder: ConfigValue,
  configFile: string,
): void {
  if (tracing.present) {
    const { settings, section } = readSettings(tracing, tracingFields, configFile);
    if (settings.endpoint === "") section("endpoint").expected("where traces go");
    tracing.warn("not honoured: Tocsin sends no traces");
  }
  if (!eventRecorder.present) return;
  const outputs = eventRecorder.section(Object.keys(outputFields));
  for (const [key, fields] of Object.entries(outputFields)) {
    for (const item of outputs(key).list(outputsMax)) readSettings(item, fields, configFile);
  }
  eventRecorder.warn("not honoured: Tocsin keeps its own event log (JetStream and SQL)");
}
