/** GET /metrics, and what the ingress itself tells there. */
import type { Access, HttpResponse, Route } from "./http.ts";
import type { MetricRegistry } from "./metric-registry.ts";
import type { IngressReadings } from "./readings.ts";

export function register(
  route: Route,
  deps: { registry: MetricRegistry; access?: Access },
): void {
  const answer = (): HttpResponse => ({
    status: 200,
    headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
    body: deps.registry.text(),
  });
  route("GET", "/metrics", answer, deps.access);
}

/** @param read what all doors together say now. */
export function addIngressMetrics(registry: MetricRegistry, read: () => IngressReadings): void {
  const one = (value: number) => [{ labels: {}, value }];
  registry.callback("counter", "tocsin_alerts_received_total", "Alerts received.", () =>
    one(read().counters.received),
  );
  registry.callback("counter", "tocsin_alerts_accepted_total", "Alerts made durable.", () =>
    one(read().counters.accepted),
  );
  registry.callback("counter", "tocsin_alerts_rejected_total", "Alerts refused, by reason.", () =>
    read().rejectedByReason.map(([reason, value]) => ({ labels: { reason }, value })),
  );
  registry.callback(
    "counter",
    "tocsin_redactions_total",
    "Personal data and secrets taken out of alerts, by kind.",
    () => read().redactions.map(([kind, value]) => ({ labels: { kind }, value })),
  );
  registry.callback(
    "counter",
    "tocsin_alerts_failed_total",
    "Alerts whose sender was told to try again.",
    () => one(read().counters.failed),
  );
  registry.callback(
    "counter",
    "tocsin_ingest_requests_refused_total",
    "Requests of alerts refused as a whole, by cause.",
    () => [
      { labels: { cause: "malformed" }, value: read().counters.malformedRequests },
      { labels: { cause: "overloaded" }, value: read().counters.overloadedRequests },
      { labels: { cause: "lagging" }, value: read().counters.laggingRequests },
    ],
  );
  registry.callback(
    "counter",
    "tocsin_ingest_rate_limited_total",
    "Requests beyond a limit of their API key or its tenant.",
    () =>
      read().rateLimited.map(({ keyId, limit, count }) => ({
        labels: { key_id: keyId, limit },
        value: count,
      })),
  );
  registry.callback("counter", "tocsin_ingest_frames_total", "Frames sent to the log.", () =>
    one(read().framesSent),
  );
  registry.callback("counter", "tocsin_ingest_frames_failed_total", "Frames refused.", () =>
    one(read().framesFailed),
  );
  registry.callback("gauge", "tocsin_ingest_pending_bytes", "Alert bytes not yet durable.", () =>
    one(read().pendingBytes),
  );
  registry.callback("gauge", "tocsin_http_requests_in_flight", "Requests being served.", () =>
    one(read().requestsInFlight),
  );
  registry.callback("gauge", "tocsin_http_body_bytes", "Request bodies in memory, bytes.", () =>
    one(read().bodyBytes),
  );
  registry.callback("counter", "tocsin_http_answers_total", "Answers, by status class.", () =>
    read().answers.map((value, index) => ({
      labels: { class: index === 0 ? "aborted" : `${index}xx` },
      value,
    })),
  );
}

/** What the door decides by whether it refuses. */
export function addLagMetric(registry: MetricRegistry, lagMs: () => number): void {
  registry.callback(
    "gauge",
    "tocsin_ingest_lag_seconds",
    "How late an alert accepted now would be processed.",
    () => [{ labels: {}, value: lagMs() / 1000 }],
  );
}
