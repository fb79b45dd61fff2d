/**
 * The simulated platform as data: a company that serves language models, its services and what
 * each needs to work. Failures travel against the edges, from a service to those that depend on
 * it. Acyclic, and everything reaches the cluster's network or a provider outside.
 */
import type { Service } from "./graph.ts";

export const platform: readonly Service[] = [
  { name: "cluster-network", role: "network", dependsOn: [] },
  { name: "dns-resolver", role: "dns", dependsOn: ["cluster-network"] },
  { name: "block-storage", role: "storage", dependsOn: ["cluster-network"] },
  { name: "object-store", role: "storage", dependsOn: ["block-storage", "dns-resolver"] },
  { name: "gpu-node-pool", role: "nodes", dependsOn: ["cluster-network"] },
  { name: "cpu-node-pool", role: "nodes", dependsOn: ["cluster-network"] },
  { name: "secret-store", role: "storage", dependsOn: ["block-storage"] },
  { name: "postgres-users", role: "database", dependsOn: ["block-storage"] },
  { name: "postgres-chat", role: "database", dependsOn: ["block-storage"] },
  { name: "postgres-billing", role: "database", dependsOn: ["block-storage"] },
  { name: "redis-sessions", role: "cache", dependsOn: ["cpu-node-pool"] },
  { name: "redis-rate-limits", role: "cache", dependsOn: ["cpu-node-pool"] },
  { name: "kafka-events", role: "queue", dependsOn: ["block-storage", "dns-resolver"] },
  { name: "vector-db", role: "database", dependsOn: ["block-storage", "dns-resolver"] },
  { name: "search-index", role: "database", dependsOn: ["block-storage"] },
  { name: "warehouse", role: "database", dependsOn: ["object-store"] },
  { name: "identity", role: "api", dependsOn: ["postgres-users", "secret-store"] },
  { name: "feature-flags", role: "api", dependsOn: ["redis-sessions"] },
  { name: "model-registry", role: "api", dependsOn: ["object-store", "dns-resolver"] },
  { name: "weights-cache", role: "cache", dependsOn: ["object-store"] },
  { name: "inference-chat", role: "inference", dependsOn: ["gpu-node-pool", "weights-cache"] },
  { name: "inference-code", role: "inference", dependsOn: ["gpu-node-pool", "weights-cache"] },
  { name: "inference-vision", role: "inference", dependsOn: ["gpu-node-pool", "weights-cache"] },
  { name: "inference-embed", role: "inference", dependsOn: ["gpu-node-pool", "weights-cache"] },
  { name: "provider-north", role: "provider", dependsOn: [] },
  { name: "provider-east", role: "provider", dependsOn: [] },
  {
    name: "llm-router",
    role: "router",
    dependsOn: [
      ...["inference-chat", "inference-code", "inference-vision", "provider-north"],
      ...["provider-east", "redis-rate-limits", "dns-resolver"],
    ],
  },
  { name: "prompt-guard", role: "worker", dependsOn: ["llm-router"] },
  { name: "rag-retriever", role: "worker", dependsOn: ["vector-db", "inference-embed"] },
  { name: "rag-answers", role: "worker", dependsOn: ["rag-retriever", "llm-router"] },
  {
    name: "embedding-jobs",
    role: "worker",
    dependsOn: ["inference-embed", "kafka-events", "object-store", "vector-db"],
  },
  { name: "tool-sandbox", role: "worker", dependsOn: ["cpu-node-pool", "dns-resolver"] },
  {
    name: "chat-api",
    role: "api",
    dependsOn: [
      ...["llm-router", "postgres-chat", "redis-sessions", "prompt-guard", "rag-answers"],
      "feature-flags",
    ],
  },
  {
    name: "completion-api",
    role: "api",
    dependsOn: ["llm-router", "prompt-guard", "redis-rate-limits"],
  },
  { name: "code-assist", role: "api", dependsOn: ["llm-router", "search-index"] },
  {
    name: "agent-runner",
    role: "worker",
    dependsOn: ["llm-router", "kafka-events", "tool-sandbox"],
  },
  { name: "batch-api", role: "api", dependsOn: ["kafka-events", "llm-router", "object-store"] },
  { name: "eval-runner", role: "worker", dependsOn: ["llm-router", "model-registry"] },
  { name: "usage-meter", role: "worker", dependsOn: ["kafka-events"] },
  { name: "billing", role: "worker", dependsOn: ["postgres-billing", "usage-meter"] },
  { name: "usage-reports", role: "worker", dependsOn: ["billing", "warehouse"] },
  { name: "notifier", role: "worker", dependsOn: ["kafka-events", "dns-resolver"] },
  {
    name: "api-gateway",
    role: "edge",
    dependsOn: ["chat-api", "completion-api", "code-assist", "batch-api", "identity"],
  },
  { name: "web-console", role: "edge", dependsOn: ["identity", "usage-reports", "chat-api"] },
  { name: "edge-proxy", role: "edge", dependsOn: ["api-gateway", "web-console", "dns-resolver"] },
];

export const regions = ["eu-west-1", "us-east-1", "us-west-2", "ap-south-1"] as const;
export const tenants = ["acme", "globex", "initech", "umbrella", "hooli", "stark"] as const;

/** Models that run here, by the service that runs them. */
export const hostedHere: readonly { model: string; service: string }[] = [
  { model: "chat-large", service: "inference-chat" },
  { model: "chat-small", service: "inference-chat" },
  { model: "code-large", service: "inference-code" },
  { model: "vision-medium", service: "inference-vision" },
  { model: "embed-medium", service: "inference-embed" },
];
/** Models that the providers run. */
export const hostedThere = ["frontier-max", "frontier-mini", "frontier-vision"] as const;
