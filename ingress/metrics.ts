/** GET /metrics, and what the ingress itself tells there. */
import type { FrameIntake } from "./alert-intake.ts";
import type { Batcher } from "./batcher.ts";
import type { HttpServer } from "./http-server.ts";
import type { Route } from "./http.ts";
import type { MetricRegistry } from "./metric-registry.ts";

export function register(route: Route, deps: { registry: MetricRegistry }): void {
  route("GET", "/metrics", () => ({
    status: 200,
    headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
    body: deps.registry.text(),
  }));
}

export function addIngressMetrics(
  registry: MetricRegistry,
  parts: { intake: FrameIntake; batcher: Batcher; server: HttpServer },
): void {
  const { intake, batcher, server } = parts;
  const one = (value: number) => [{ labels: {}, value }];
  const { counters } = intake;
  registry.callback("counter", "tocsin_alerts_received_total", "Alerts received.", () =>
    one(counters.received),
  );
  registry.callback("counter", "tocsin_alerts_accepted_total", "Alerts made durable.", () =>
    one(counters.accepted),
  );
  registry.callback("counter", "tocsin_alerts_rejected_total", "Alerts refused, by reason.", () =>
    [...intake.rejectedByReason].map(([reason, value]) => ({ labels: { reason }, value })),
  );
  registry.callback(
    "counter",
    "tocsin_alerts_failed_total",
    "Alerts whose sender was told to try again.",
    () => one(counters.failed),
  );
  registry.callback(
    "counter",
    "tocsin_ingest_requests_refused_total",
    "Requests of alerts refused as a whole, by cause.",
    () => [
      { labels: { cause: "malformed" }, value: counters.malformedRequests },
      { labels: { cause: "overloaded" }, value: counters.overloadedRequests },
      { labels: { cause: "lagging" }, value: counters.laggingRequests },
    ],
  );
  registry.callback("counter", "tocsin_ingest_frames_total", "Frames sent to the log.", () =>
    one(batcher.framesSent),
  );
  registry.callback("counter", "tocsin_ingest_frames_failed_total", "Frames refused.", () =>
    one(batcher.framesFailed),
  );
  registry.callback("gauge", "tocsin_ingest_pending_bytes", "Alert bytes not yet durable.", () =>
    one(batcher.pendingBytes),
  );
  registry.callback("gauge", "tocsin_http_requests_in_flight", "Requests being served.", () =>
    one(server.inFlight),
  );
  registry.callback("gauge", "tocsin_http_body_bytes", "Request bodies in memory, bytes.", () =>
    one(server.bufferedBytes),
  );
  registry.callback("counter", "tocsin_http_answers_total", "Answers, by status class.", () =>
    server.answers.map((value, index) => ({
      labels: { class: index === 0 ? "aborted" : `${index}xx` },
      value,
    })),
  );
}
