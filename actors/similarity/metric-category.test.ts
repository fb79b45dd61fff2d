import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { categoryOf, knownTextsMax } from "./metric-category.ts";
import type { MetricCategory } from "./metric-category.ts";
import { taxonomy } from "./taxonomy.ts";
import { stemOf, wordsOf } from "./words.ts";

const named = (alertname: string, labels = {}, summary = "") =>
  categoryOf({ alertname, labels, summary });

/** Names of rules that many installations run, and of services of language models. */
const golden: Partial<Record<MetricCategory, string>> = {
  certificate: "CertificateExpired KubeClientCertificateExpiration SslCertificateWillExpire",
  security: "PromptInjectionDetected PackageVulnerable",
  change: "RolloutErrorsHigh KubeDaemonSetRolloutStuck FailedReload KubeVersionMismatch",
  hardware: "NodeRAIDDegraded GPUTemperatureHigh NvidiaXidErrors HostEDACUncorrectableErrors",
  disk_space: "NodeFilesystemSpaceFillingUp KubePersistentVolumeFillingUp BrokerDiskFull",
  oom: "GpuOutOfMemory HostOomKillDetected ContainerOOMKilled",
  traffic: "TenantTrafficSurge UnusualLoad",
  failover: "PrimaryFailover etcdHighNumberOfLeaderChanges etcdNoLeader etcdInsufficientMembers",
  rate_limit: "ProviderRateLimited LLMRateLimitNear TooManyRequests",
  quota: "KubeQuotaExceeded LLMQuotaRunsOut",
  provider: "ProviderErrorsHigh",
  cost: "TokenSpendAnomaly LLMTokenCostHigh LLMDailySpendHigh",
  model_quality: "ModelAccuracyDropped EmbeddingDrift LLMAccuracyLow",
  backup: "BackupTookLong RedisMissingBackup",
  clock: "NodeClockSkewDetected NodeClockNotSynchronising",
  dns: "CoreDNSErrorsHigh DnsResolutionFailing",
  network: "PacketLossHigh NodeNetworkReceiveErrs NodeHighNumberConntrackEntriesUsed",
  node: "NodeNotReady KubeNodeUnreachable HostUnreachable KubeletDown",
  storage: "StorageLatencyHigh VolumeErrors HostUnusualDiskReadLatency etcdHighFsyncDurations",
  gpu: "GPUMemoryHigh VllmKVCacheUsageHigh",
  replication: "ReplicationLag KafkaUnderReplicatedPartitions",
  memory: "NodeMemoryHighUtilization JvmMemoryFillingUp MemoryAboveRequest",
  cpu: "CPUThrottlingHigh NodeCPUHighUsage KubeCPUOvercommit",
  database: "PostgresqlDeadLocks QueryLatencyHigh MysqlSlowQueries",
  connections: "ConnectionsExhausted PostgresqlTooManyConnections RouterPoolExhausted",
  cache: "CacheHitRateLow CacheEvictionsHigh",
  queue: "ConsumerLagHigh InferenceQueueDepthHigh RabbitmqNoConsumer",
  availability: "TargetDown KubeAPIDown BlackboxProbeFailed RedisDown",
  workload: "KubePodCrashLooping KubePodNotReady WorkerRestarts KubeDeploymentReplicasMismatch",
  saturation: "FallbackModelSaturated KubeHpaMaxedOut",
  throughput: "TokenThroughputLow",
  backlog: "WorkerBacklogGrowing",
  job: "KubeJobFailed CronJobMissed",
  retries: "RouterRetriesHigh",
  latency: "ApiLatencyP99High TimeToFirstTokenHigh WorkerTimeouts SlowResponseTime",
  errors: "ApiErrorRateHigh HTTPErrors5xx EdgeErrorRateHigh",
  output_quality: "HallucinationRateHigh ToxicityRateHigh FaithfulnessLow SchemaViolationsHigh",
  monitoring: "ScrapeSlow PrometheusRuleFailures Watchdog",
  slo: "ApiErrorBudgetBurn KubeAPIErrorBudgetBurn",
  user_feedback: "ThumbsDownRateHigh RegenerationsHigh",
  unknown: "SomethingOdd",
};

describe("the category", () => {
  test.each(Object.entries(golden))("%s", (category, names) => {
    const found = names.split(" ").map((name) => `${name}: ${named(name).category}`);
    expect(found).toEqual(names.split(" ").map((name) => `${name}: ${category}`));
  });

  test("comes from the metric where the name says nothing, then from the summary", () => {
    expect(named("Odd", { metric_type: "cost" }).category).toBe("cost");
    expect(named("Odd", { metric: "vllm:num_requests_waiting" }).category).toBe("queue");
    expect(named("Odd", {}, "p95 latency of chat is 4 s").category).toBe("latency");
    expect(named("DnsErrors", { metric_type: "cost" }, "disk full").category).toBe("dns");
  });

  test("hints count only where nothing else does", () => {
    expect(named("NodeTrouble").category).toBe("node");
    expect(named("NodeTrouble", {}, "the certificate has expired").category).toBe("certificate");
  });

  test("the longest phrase wins wherever it stands, and distant words are no phrase", () => {
    expect(named("ErrorsAfterPodIsNotReady").category).toBe("workload");
    expect(named("Odd", {}, "out there, of all places, they ran; memory fades").category).not.toBe(
      "oom",
    );
  });

  test("roles and ranks: causes come before what follows from them", () => {
    expect(named("CertificateExpired")).toMatchObject({ role: "cause" });
    expect(named("ApiErrorBudgetBurn")).toMatchObject({ role: "feedback" });
    expect(named("SomethingOdd")).toMatchObject({ category: "unknown", role: "resource" });
    const ranks = Object.values(taxonomy).map((kinds) => Object.values(kinds).map((k) => k.rank));
    const [causes = [], , symptoms = [], feedback = []] = ranks;
    expect(Math.max(...causes)).toBeLessThan(Math.min(...symptoms));
    expect(Math.max(...symptoms)).toBeLessThan(Math.min(...feedback));
  });

  test("what is remembered changes no answer", () => {
    const before = named("KubePodNotReady");
    for (let each = 0; each < knownTextsMax + 10; each += 1) named(`Odd${each}`);
    expect(named("KubePodNotReady")).toEqual(before);
  });

  test("any text has a category", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff)), fc.string(), (units, summary) => {
        const name = String.fromCharCode(...units);
        expect(named(name, {}, summary)).toEqual(named(name, {}, summary));
      }),
    );
  });
});

describe("words", () => {
  test.each([
    ["KubeAPIErrorBudgetBurn", "kube api error budget burn"],
    ["gpu_memory-utilization.p95", "gpu memory utilization p 95"],
    ["GPUs of HTTPServers", "gpu s of http servers"],
    ["数据库 down", "数据库 down"],
  ])("%s", (text, words) => {
    expect(wordsOf(text, 20).join(" ")).toBe(words);
  });

  test("at most so many", () => {
    expect(wordsOf("a b c d", 2)).toEqual(["a", "b"]);
  });

  test.each([
    ["expired expires expiring expire", "expir"],
    ["failed failing failure fails failures", "fail"],
    ["saturated saturation", "saturat"],
    ["queries query", "query"],
    ["dropped dropping drops", "drop"],
    ["loss status dns", "loss status dns"],
  ])("%s", (words, stems) => {
    const found = [...new Set(words.split(" ").map(stemOf))];
    expect(found.join(" ")).toBe(stems);
  });
});
