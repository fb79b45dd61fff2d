/**
 * POST /v1/metrics: samples of metrics, and calls between services (trace-edges.ts), in a form of
 * our own or as OTLP/HTTP, JSON or protobuf (whose exporters post to this very path). 200 when what
 * follows from them is durable, with a list of what was refused; 429 and 503 with Retry-After mean
 * "not now", and repeating is safe.
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
import { type JsonBody, readJson } from "../senders/json-body.ts";
import { CumulativePoints } from "./cumulative.ts";
import { type Growth, decodeOtlp, isOtlp } from "./otlp.ts";
import { exportResponse, readExportRequest } from "./otlp-protobuf.ts";
import { ProtobufError } from "./protobuf.ts";
import { decodeSamples } from "./sample-body.ts";
import type { SamplesTaken } from "./sample.ts";
import { type KeeperOptions, SeriesKeeper } from "./series-keeper.ts";
import { TraceEdges, type TraceEdgesOptions } from "./trace-edges.ts";

const jsonType = "application/json";
const protobuf = "application/x-protobuf";

type Takers = { keeper: SeriesKeeper; edges: TraceEdges; cumulative: CumulativePoints };

/** @returns what remembers the series, to be started and stopped. */
export function registerSamples(
  route: Route,
  deps: KeeperOptions & TraceEdgesOptions,
): SeriesKeeper {
  const keeper = new SeriesKeeper(deps);
  const takers = { keeper, edges: new TraceEdges(deps), cumulative: new CumulativePoints() };
  route("POST", "/v1/metrics", (request) => taken(request, takers), "ingest");
  return keeper;
}

async function taken(request: HttpRequest, takers: Takers): Promise<HttpResponse> {
  const { keeper, edges, cumulative } = takers;
  const contentType = request.header("content-type");
  const type = mediaType(contentType);
  if (type !== "" && type !== jsonType && type !== protobuf) {
    return unsupportedType(contentType, [jsonType, protobuf]);
  }
  const body = type === protobuf ? readProtobuf(request.body) : readJson(request.body);
  if (body.kind === "refused") return notUnderstood(body.why);
  const { value } = body;
  // Series of two tenants may look the same until the key's tenant is put on.
  const tenant = JSON.stringify(request.principal?.tenant ?? null);
  const growth: Growth = (series, point, metric) =>
    // That there were calls at all says enough.
    cumulative.growth(`${tenant}${series}`, point) ?? (edges.takes(metric) ? point.values : null);
  const isFromOtlp = isOtlp(value);
  const decoded = isFromOtlp
    ? decodeOtlp(value, (metric) => keeper.isWatched(metric) || edges.takes(metric), growth)
    : decodeSamples(value);
  if (typeof decoded === "string") return notUnderstood(decoded);
  const calls = decoded.samples.filter(({ metric }) => edges.takes(metric));
  const refused = await edges.take(calls, request.principal);
  const result = await keeper.take(
    {
      ...decoded,
      refused: [...decoded.refused, ...refused],
      samples: decoded.samples.filter(
        ({ metric }) => !edges.takes(metric) || keeper.isWatched(metric),
      ),
    },
    request.principal,
  );
  if (result.kind === "overloaded") return overloaded(result);
  if (result.kind === "malformed") return notUnderstood(result.error);
  if (isFromOtlp) return otlpAnswer(result, type);
  return nativeAnswer(result, calls.length - refused.length);
}

function readProtobuf(body: Buffer): JsonBody {
  try {
    return { kind: "value", value: readExportRequest(body) };
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
    return { kind: "refused", why: `not an export request of OTLP: ${error.message}` };
  }
}

function nativeAnswer({ kind: _, refused, ...some }: SamplesTaken, edges: number): HttpResponse {
  const counts = edges > 0 ? { ...some, edges } : some;
  const { accepted, late, unwatched } = counts;
  const rejected = refused.slice(0, listedRejectionsMax);
  const answer = { ...counts, rejectedTotal: refused.length, rejected };
  if (refused.length === 0 || accepted + late + unwatched + edges > 0) return json(200, answer);
  const detail = "None of the samples is valid; `rejected` says what to change in each.";
  return problem(rejectionStatus(refused, 0), "No valid sample", detail, answer);
}

/** As OTLP says it, in the request's encoding: what is refused must not be repeated. */
function otlpAnswer({ refused }: SamplesTaken, type: string): HttpResponse {
  const [first] = refused;
  // A histogram is one data point, and several samples.
  const points = new Set(refused.map(({ index }) => index)).size;
  const errorMessage =
    first === undefined ? "" : `${first.field}: ${first.reason} (got ${first.value})`;
  if (type === protobuf) {
    const headers = { "content-type": protobuf };
    return { status: 200, headers, body: exportResponse(points, errorMessage) };
  }
  if (first === undefined) return json(200, {});
  const rejectedDataPoints = String(points);
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
