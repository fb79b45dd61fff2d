/**
 * POST /v1/metrics: samples of metrics, in a form of our own or as OTLP/HTTP in JSON (whose
 * exporters post to this very path). 200 when the alerts that the samples cause are durable, with
 * a list of what was refused; 429 and 503 with Retry-After mean "not now", and repeating is safe.
 */
import { type HttpRequest, type HttpResponse, type Route, json, problem } from "../http.ts";
import {
  listedRejectionsMax,
  mediaType,
  overloaded,
  rejectionStatus,
  unsupportedType,
} from "../intake-answers.ts";
import type { MetricRegistry } from "../metric-registry.ts";
import { readJson } from "../senders/json-body.ts";
import { decodeOtlp, isOtlp } from "./otlp.ts";
import { decodeSamples } from "./sample-body.ts";
import type { SamplesTaken } from "./sample.ts";
import { type KeeperOptions, SeriesKeeper } from "./series-keeper.ts";

const protobuf = "application/x-protobuf";

/** @returns what remembers the series, to be started and stopped. */
export function registerSamples(route: Route, deps: KeeperOptions): SeriesKeeper {
  const keeper = new SeriesKeeper(deps);
  route("POST", "/v1/metrics", (request) => taken(request, keeper), "ingest");
  return keeper;
}

async function taken(request: HttpRequest, keeper: SeriesKeeper): Promise<HttpResponse> {
  const contentType = request.header("content-type");
  const type = mediaType(contentType);
  if (type === protobuf) {
    const detail =
      "This path takes OTLP as JSON only: set OTEL_EXPORTER_OTLP_METRICS_PROTOCOL=http/json " +
      "or, in a collector, encoding: json.";
    return problem(415, "Unsupported content type", detail);
  }
  if (type !== "" && type !== "application/json") {
    return unsupportedType(contentType, ["application/json"]);
  }
  const body = readJson(request.body);
  if (body.kind === "refused") return notUnderstood(body.why);
  const isFromOtlp = isOtlp(body.value);
  const decoded = isOtlp(body.value)
    ? decodeOtlp(body.value, (metric) => keeper.isWatched(metric))
    : decodeSamples(body.value);
  if (typeof decoded === "string") return notUnderstood(decoded);
  const result = await keeper.take(decoded, request.principal);
  if (result.kind === "overloaded") return overloaded(result);
  if (result.kind === "malformed") return notUnderstood(result.error);
  return isFromOtlp ? otlpAnswer(result) : nativeAnswer(result);
}

function nativeAnswer({ kind: _, refused, ...counts }: SamplesTaken): HttpResponse {
  const { accepted, late, unwatched } = counts;
  const rejected = refused.slice(0, listedRejectionsMax);
  const answer = { ...counts, rejectedTotal: refused.length, rejected };
  if (refused.length === 0 || accepted + late + unwatched > 0) return json(200, answer);
  const detail = "None of the samples is valid; `rejected` says what to change in each.";
  return problem(rejectionStatus(refused, 0), "No valid sample", detail, answer);
}

/** As OTLP says it: what is refused must not be repeated. */
function otlpAnswer({ refused }: SamplesTaken): HttpResponse {
  const [first] = refused;
  if (first === undefined) return json(200, {});
  const rejectedDataPoints = String(refused.length);
  const errorMessage = `${first.field}: ${first.reason} (got ${first.value})`;
  return json(200, { partialSuccess: { rejectedDataPoints, errorMessage } });
}

function notUnderstood(why: string): HttpResponse {
  return problem(400, "Body not understood", `${why}; nothing was accepted.`);
}

export function addSampleMetrics(registry: MetricRegistry, keeper: SeriesKeeper): void {
  registry.callback(
    "counter",
    "tocsin_metric_samples_total",
    "Samples of metrics, by what became of them.",
    () =>
      Object.entries(keeper.counters).map(([outcome, value]) => ({ labels: { outcome }, value })),
  );
  registry.callback("gauge", "tocsin_metric_series", "Series in memory, by state.", () => {
    const { evicted: _, ...counts } = keeper.series();
    return Object.entries(counts).map(([state, value]) => ({ labels: { state }, value }));
  });
  registry.callback(
    "counter",
    "tocsin_metric_series_evicted_total",
    "Series forgotten since there were more than metrics.series_max.",
    () => [{ labels: {}, value: keeper.series().evicted }],
  );
}
