/** A group of alerts to try templates on: two of one service fire, one is over. */
import type { TemplateAlert, TemplateData } from "./template-data.ts";

const minuteMs = 60_000;

/** @param nowMs the alerts began within the quarter of an hour before. */
export function sampleTemplateData(nowMs: number): TemplateData {
  const before = (minutes: number): string => new Date(nowMs - minutes * minuteMs).toISOString();
  const common = { alertname: "HighLatency", service: "chat-api", severity: "critical" };
  const runbook = { runbook_url: "https://runbooks.example.com/high-latency" };
  const alert = (
    status: "firing" | "resolved",
    instance: string,
    seconds: string,
    minutes: number,
  ): TemplateAlert => ({
    status,
    labels: { ...common, instance },
    annotations: { ...runbook, summary: `p99 of ${instance} is above ${seconds} s` },
    startsAt: before(minutes),
    endsAt: status === "firing" ? "0001-01-01T00:00:00Z" : before(1),
    generatorURL: "https://prometheus.example.com/graph?g0.expr=latency&g0.tab=1",
    fingerprint: minutes.toString(16).padStart(16, "0"),
  });
  return {
    receiver: "oncall",
    status: "firing",
    alerts: [
      alert("firing", "chat-1:8080", "4", 12),
      alert("firing", "chat-2:8080", "4", 9),
      alert("resolved", "chat-3:8080", "6", 15),
    ],
    groupLabels: { alertname: common.alertname, service: common.service },
    commonLabels: { ...common },
    commonAnnotations: { ...runbook },
    routeLabels: { team: "serving" },
    externalURL: "https://alerts.example.com",
    notification_reason: "",
  };
}
