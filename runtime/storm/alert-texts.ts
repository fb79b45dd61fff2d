/**
 * What services of each role say when they suffer, with numbers, ids and addresses that are
 * different each time. In a text, {service}, {region}, {model}, {tenant} and {instance} stand for
 * the alert's labels, {3-40} for a whole number of that range, {id}, {trace} and {ip} for others.
 */
import type { Dice } from "./dice.ts";
import type { Role } from "./graph.ts";

export type AlertText = {
  alertname: string;
  severity: "critical" | "high" | "medium" | "low" | "info";
  summary: string;
  /** "model": its metric has a label model_id; "pod": one alert for each instance. */
  by: "service" | "model" | "pod";
};

function text(
  alertname: string,
  severity: AlertText["severity"],
  by: AlertText["by"],
  summary: string,
): AlertText {
  return { alertname, severity, by, summary };
}

export const roleTexts: Record<Role, readonly AlertText[]> = {
  network: [text("PacketLossHigh", "critical", "pod", "{instance} loses {5-60} % of packets")],
  dns: [text("DnsErrorsHigh", "critical", "pod", "{2-70} % of look-ups at {instance} fail")],
  storage: [
    text("StorageLatencyHigh", "high", "service", "writes to {service} take {200-4000} ms"),
    text("VolumeErrors", "high", "pod", "{instance} had {3-90} I/O errors in 5 min"),
  ],
  nodes: [
    text("NodeNotReady", "critical", "pod", "node {instance} has not reported for {2-9} min"),
    text("NodePressure", "medium", "pod", "{instance} evicts pods, {90-99} % of memory in use"),
  ],
  database: [
    text("QueryLatencyHigh", "high", "service", "p95 of queries to {service} is {2-20} s"),
    text("ConnectionsExhausted", "critical", "pod", "{instance} has {480-500} of 500 connections"),
    text("ReplicationLag", "medium", "pod", "{instance} is {30-600} s behind its primary"),
  ],
  cache: [
    text("CacheHitRateLow", "medium", "service", "only {5-40} % of reads of {service} hit"),
    text("CacheEvictionsHigh", "medium", "pod", "{instance} evicts {200-9000} keys a second"),
  ],
  queue: [
    text("ConsumerLagHigh", "high", "service", "{service}: {10000-900000} messages wait"),
    text("BrokerUnderReplicated", "high", "pod", "{instance} lacks {2-60} replicas"),
  ],
  inference: [
    text("InferenceQueueDepthHigh", "high", "model", "{20-900} requests wait for {model}"),
    text("TimeToFirstTokenHigh", "high", "model", "first token of {model} after {3-25} s"),
    text("InferencePodCrashLooping", "critical", "pod", "{instance} restarted {3-20} times"),
    text("TokenThroughputLow", "medium", "pod", "{instance} makes {2-30} tokens a second"),
  ],
  provider: [text("ProviderErrorsHigh", "critical", "model", "{10-90} % of calls to {model} fail")],
  router: [
    text("RouterRetriesHigh", "high", "model", "calls to {model} are tried {2-6} times"),
    text("FallbackModelSaturated", "high", "model", "the fallback of {model} is {91-100} % full"),
    text("RouterErrorRateHigh", "critical", "service", "{service} fails {3-60} % of requests"),
    text("RouterPoolExhausted", "high", "pod", "{instance} has no free connection"),
  ],
  worker: [
    text("WorkerTimeouts", "medium", "service", "{service}: {5-200} tasks ran into the deadline"),
    text("WorkerBacklogGrowing", "high", "service", "{service} is {5-90} min behind"),
    text("WorkerRestarts", "high", "pod", "{instance} restarted {3-12} times in 10 min"),
  ],
  api: [
    text("ApiErrorRateHigh", "critical", "model", "{service} answers {3-60} % with 5xx"),
    text("ApiLatencyP99High", "high", "model", "p99 of {service} is {3-40} s, the limit 2 s"),
    text("ApiErrorBudgetBurn", "high", "service", "{service} burns its budget {6-40}x too fast"),
    text("ApiPodNotReady", "medium", "pod", "{instance} fails its readiness check"),
  ],
  edge: [
    text("EdgeErrorRateHigh", "critical", "service", "{service}: {2-40} % of requests get a 502"),
    text("EdgeLatencyHigh", "high", "service", "{service} takes {2-30} s for a page"),
    text("EdgeConnectionsHigh", "medium", "pod", "{instance} holds {9000-60000} connections"),
  ],
};

export const qualityTexts = {
  root: text("ModelAccuracyDropped", "critical", "model", "{model} solves {41-79} % of the set"),
  symptoms: {
    "prompt-guard": [
      text("HallucinationRateHigh", "high", "model", "{6-30} % of {model}'s answers lack a source"),
      text("ToxicityRateHigh", "critical", "model", "{2-9} of 1,000 answers of {model} are toxic"),
    ],
    "rag-answers": [
      text("FaithfulnessLow", "high", "model", "{model} contradicts {9-40} % of its documents"),
    ],
    "chat-api": [
      text("ThumbsDownRateHigh", "medium", "model", "{8-35} % of {model}'s answers are voted down"),
      text("RegenerationsHigh", "medium", "model", "{12-50} % of answers are asked for again"),
    ],
    "completion-api": [
      text("SchemaViolationsHigh", "high", "model", "{4-30} % of outputs of {model} do not parse"),
    ],
    "agent-runner": [
      text("ToolCallErrorsHigh", "high", "model", "{9-60} % of {model}'s tool calls are malformed"),
    ],
  },
};

const descriptions = [
  "{2-97} of {100-900} requests failed in the last 5 min, e.g. {id} from {ip}.",
  "Measured at {ip}:9100, trace {trace}; threshold crossed {1-9} min ago.",
  "Value {1-99}.{0-9} on {instance} ({ip}) in {region}; usual is {0-9}.{0-9}.",
  "Seen by {2-12} probes in {region}. Last failing request: {id}, {200-9000} ms.",
] as const;

/** Summary and description of one alert. */
export function annotationsOf(
  dice: Dice,
  summary: string,
  labels: Record<string, string>,
): Record<string, string> {
  return {
    summary: filled(dice, summary, labels),
    description: filled(dice, dice.pick(descriptions), labels),
  };
}

/** @param labels absent ones read as the service, so that no text has a hole. */
function filled(dice: Dice, template: string, labels: Record<string, string>): string {
  const hex = (digits: number): string =>
    Array.from({ length: digits }, () => dice.below(16).toString(16)).join("");
  const service = labels["service"] ?? "";
  return template.replace(/\{(\w+)(?:-(\d+))?\}/g, (_, name: string, to: string | undefined) => {
    if (to !== undefined) return String(Number(name) + dice.below(Number(to) - Number(name) + 1));
    switch (name) {
      case "id":
        return `req-${hex(12)}`;
      case "trace":
        return hex(32);
      case "ip":
        return `10.${dice.below(256)}.${dice.below(256)}.${1 + dice.below(254)}`;
      case "model":
        return labels["model_id"] ?? service;
      case "tenant":
        return labels["customer"] ?? service;
      default:
        return labels[name] ?? service;
    }
  });
}
