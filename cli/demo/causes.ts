/**
 * The plot of a storm: what goes wrong in a platform that serves language models, and which
 * alerts each cause raises where and when. A cause's first series is its root; the others are
 * symptoms. Two causes never share a series, so the truth about every alert is one cause.
 */
import type { Dice } from "./dice.ts";

export const causeKinds = [
  "gpu_oom_cascade",
  "provider_rate_limit",
  "cost_spike",
  "flapping_host",
  "noise",
] as const;
export type CauseKind = (typeof causeKinds)[number];

/** One alert identity and its life; times in ms from the start of the episode. */
export type Series = {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** Alternating fire and resolve times, ascending; an odd number: still firing at the end. */
  flipsMs: number[];
  /** New annotations from these times on. */
  changes: { atMs: number; annotations: Record<string, string> }[];
};

export type Cause = { id: string; kind: CauseKind; about: string; series: Series[] };

export type Episode = {
  number: number;
  durationMs: number;
  /** How many series it may have, about; at least `seriesMin`. */
  seriesMax: number;
};

export const seriesMin = 12;

const regions = ["eu-west-1", "us-east-1", "us-west-2", "ap-south-1"];
const models = ["chat-large", "chat-small", "code-large", "summarise-medium"];
const hostedModels = ["hosted-frontier", "hosted-mini", "hosted-vision"];
const providers = ["provider-north", "provider-east"];
const tenants = ["acme", "globex", "initech", "umbrella", "hooli"];
const oomSymptoms = [
  ["InferencePodCrashLooping", "inference", "critical", "pod restarts again and again"],
  ["InferenceQueueDepthHigh", "inference", "high", "requests wait for a free replica"],
  ["TimeToFirstTokenHigh", "inference", "high", "first token takes more than 3 s"],
  ["GatewayErrorRateHigh", "gateway", "critical", "more than 5 % of requests fail with 503"],
  ["GatewayLatencyP99High", "gateway", "high", "p99 latency above 12 s"],
  ["RagPipelineTimeouts", "rag", "medium", "answers run into the 30 s deadline"],
] as const;
const limitSymptoms = [
  ["RouterRetriesHigh", "llm-router", "high", "calls are tried three times and more"],
  ["FallbackModelSaturated", "llm-router", "high", "the fallback model is at its limit"],
  ["CompletionLatencyHigh", "gateway", "medium", "completions take twice as long as usual"],
  ["EmbeddingJobsDelayed", "embedding", "medium", "the backlog of documents grows"],
] as const;
const noiseTemplates = [
  ["CertificateExpiresSoon", "edge-proxy", "low", "a certificate ends in 20 days"],
  ["DiskFillingUp", "artifact-store", "medium", "the volume is full in 4 days"],
  ["BackupTookLong", "postgres-backup", "low", "last night's backup took 3 h"],
  ["CiQueueLong", "ci-runner", "info", "jobs wait 6 min for a runner"],
  ["ClockSkew", "log-collector", "low", "the clock is 400 ms off"],
  ["CronJobMissed", "usage-export", "medium", "the hourly export did not run"],
  ["PackageVulnerable", "admin-ui", "info", "a dependency has an advisory"],
  ["ReplicaLagging", "feature-store", "low", "the replica is 40 s behind"],
  ["FanSpeedHigh", "rack-controller", "info", "a fan runs at its limit"],
  ["MailBounces", "notifier", "low", "2 % of mails bounce"],
] as const;

/** The causes of one episode. The first noise series fires from beginning to end. */
export function planEpisode(dice: Dice, episode: Episode): Cause[] {
  const budget = Math.max(seriesMin, episode.seriesMax);
  const noiseCount = Math.min(noiseTemplates.length, Math.max(3, Math.floor(budget * 0.15)));
  const rest = budget - noiseCount - 1;
  const costs = Math.min(models.length, Math.max(1, Math.floor(rest * 0.1)));
  const limits = Math.max(2, Math.floor((rest - costs) * 0.35));
  const ooms = Math.max(3, rest - costs - limits);
  return [
    ...noise(dice, episode, noiseCount),
    gpuOutOfMemory(dice, episode, ooms),
    providerRateLimit(dice, episode, limits),
    costSpike(dice, episode, costs),
    flappingHost(dice, episode),
  ];
}

function gpuOutOfMemory(dice: Dice, episode: Episode, count: number): Cause {
  const shared = { ...everywhere(episode), region: dice.pick(regions) };
  const model = dice.pick(models);
  const node = `gpu-${dice.below(90) + 10}`;
  const beginMs = episode.durationMs * dice.between(0.1, 0.2);
  const endMs = episode.durationMs * dice.between(0.65, 0.75);
  const root = steady(
    { ...shared, alertname: "GpuOutOfMemory", service: "inference", severity: "critical" },
    `GPU memory of ${node} is exhausted by ${model}`,
    beginMs,
    endMs,
  );
  Object.assign(root.labels, { model_id: model, instance: node });
  const symptoms = times(count - 1, (index) => {
    const [alertname, service, severity, summary] = at(oomSymptoms, index);
    const replica = `${service}-${Math.floor(index / oomSymptoms.length)}`;
    const delayMs = dice.between(0.01, 0.15) * episode.durationMs;
    const labels = { ...shared, alertname, service, severity, model_id: model, pod: replica };
    return steady(labels, `${summary} (${model}, ${replica})`, beginMs + delayMs, endMs + delayMs);
  });
  return {
    id: `gpu-oom-${episode.number}`,
    kind: "gpu_oom_cascade",
    about: `${model} runs out of GPU memory on ${node}; its callers queue, slow down and fail`,
    series: [root, ...symptoms],
  };
}

function providerRateLimit(dice: Dice, episode: Episode, count: number): Cause {
  const shared = { ...everywhere(episode), provider: dice.pick(providers) };
  const model = dice.pick(hostedModels);
  const beginMs = episode.durationMs * dice.between(0.3, 0.4);
  const endMs = episode.durationMs * dice.between(0.75, 0.8);
  const root = steady(
    { ...shared, alertname: "ProviderRateLimited", service: "llm-router", severity: "critical" },
    `${shared.provider} answers 429 for ${model}`,
    beginMs,
    endMs,
  );
  Object.assign(root.labels, { model_id: model });
  const symptoms = times(count - 1, (index) => {
    const [alertname, service, severity, summary] = at(limitSymptoms, index);
    const pod = `${service}-${Math.floor(index / limitSymptoms.length)}`;
    const delayMs = dice.between(0.01, 0.1) * episode.durationMs;
    const labels = { ...shared, alertname, service, severity, model_id: model, pod };
    return steady(labels, `${summary} (${model}, ${pod})`, beginMs + delayMs, endMs + delayMs);
  });
  return {
    id: `rate-limit-${episode.number}`,
    kind: "provider_rate_limit",
    about: `${shared.provider} limits calls to ${model}; routers retry and fall back`,
    series: [root, ...symptoms],
  };
}

/** Fires until the end: somebody has to look at it. */
function costSpike(dice: Dice, episode: Episode, count: number): Cause {
  const tenant = dice.pick(tenants);
  const beginMs = episode.durationMs * dice.between(0.45, 0.55);
  const series = times(count, (index): Series => {
    const model = at(models, index);
    const summary = (factor: number): Record<string, string> => ({
      summary: `${tenant} spends ${factor} times its usual on ${model}`,
    });
    const labels = {
      ...everywhere(episode),
      tenant_id: tenant,
      alertname: "TokenSpendAnomaly",
      service: "billing",
      severity: "high",
      model_id: model,
    };
    const firesMs = beginMs + dice.between(0, 0.05) * episode.durationMs;
    const changes = [0.15, 0.3].map((part, step) => ({
      atMs: firesMs + part * episode.durationMs,
      annotations: summary(6 + 3 * step),
    }));
    return { labels, annotations: summary(3), flipsMs: [firesMs], changes };
  });
  const about = `a script of ${tenant} repeats its prompts in a loop; the bill grows`;
  return { id: `cost-spike-${episode.number}`, kind: "cost_spike", about, series };
}

function flappingHost(dice: Dice, episode: Episode): Cause {
  const host = `vector-${dice.below(9) + 1}`;
  const flips = 2 * (3 + dice.below(3));
  const flipsMs = times(flips, (index) => {
    const part = (index + dice.between(0.1, 0.9)) / flips;
    return episode.durationMs * (0.05 + 0.85 * part);
  });
  const labels = {
    ...everywhere(episode),
    alertname: "HostUnreachable",
    service: "vector-db",
    severity: "high",
    instance: host,
  };
  const annotations = { summary: `${host} does not answer pings` };
  const about = `a loose cable makes ${host} come and go`;
  const series = [{ labels, annotations, flipsMs, changes: [] }];
  return { id: `flapping-host-${episode.number}`, kind: "flapping_host", about, series };
}

function noise(dice: Dice, episode: Episode, count: number): Cause[] {
  return times(count, (index) => {
    const [alertname, service, severity, summary] = at(noiseTemplates, index);
    const labels = { ...everywhere(episode), alertname, service, severity };
    const beginMs = index === 0 ? 0 : episode.durationMs * dice.between(0.02, 0.6);
    const endMs = beginMs + episode.durationMs * dice.between(0.1, 0.35);
    const series = steady(labels, summary, beginMs, endMs);
    if (index === 0) series.flipsMs = [0];
    const id = `noise-${episode.number}-${index}`;
    return { id, kind: "noise" as const, about: summary, series: [series] };
  });
}

/** The cluster tells the episodes apart: what comes again later is not the same alert. */
function everywhere(episode: Episode): Record<string, string> {
  return { environment: "production", cluster: `cluster-${episode.number}` };
}

function steady(
  labels: Record<string, string>,
  summary: string,
  firesMs: number,
  endsMs: number,
): Series {
  return { labels, annotations: { summary }, flipsMs: [firesMs, endsMs], changes: [] };
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: Math.max(0, count) }, (_, index) => make(index));
}

function at<T>(list: readonly T[], index: number): T {
  return list[index % list.length] as T;
}
