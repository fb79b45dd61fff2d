/** Troubles of what everything stands on: GPUs, network, names, databases, hosts, queues. */
import { roleTexts } from "../alert-texts.ts";
import type { AlertText } from "../alert-texts.ts";
import type { Affected, Cause, Series } from "../cause.ts";
import { hostedHere, platform } from "../platform.ts";
import type { Scene } from "../scene.ts";

const critical = (alertname: string, summary: string): AlertText => ({
  ...{ alertname, summary, severity: "critical", by: "service" },
});

export function gpuOutOfMemory(scene: Scene, count: number): Cause {
  const { dice } = scene;
  const { model, service } = dice.pick(hostedHere);
  const instance = `gpu-${dice.below(90) + 10}`;
  const region = scene.region();
  const text = critical("GpuOutOfMemory", "{instance}: {79-80}.{0-9} of 80 GiB taken by {model}");
  return scene.cascade({
    kind: "gpu_oom_cascade",
    about: `${model} runs out of GPU memory on ${instance}; its callers queue, slow down and fail`,
    root: { service, text: { ...text, by: "model" }, labels: { instance } },
    labels: { model_id: model },
    regions: [region],
    affected: [own(service), ...scene.dependents(service, 4, 0.85)],
    count,
    hopPart: dice.between(0.01, 0.03),
  });
}

export function regionalNetworkLoss(scene: Scene, count: number): Cause {
  const region = scene.region();
  const text = critical("RegionPacketLoss", "zones of {region} lose {12-80} % of packets");
  // Nobody is spared: all of them see it at about the same time, near or far in the graph.
  const affected = scene.dependents("cluster-network", 9, 0.8).map((one) => ({ ...one, hop: 1 }));
  return scene.cascade({
    kind: "regional_network_loss",
    about: `zones of ${region} lose each other; whatever runs there times out`,
    root: { service: "cluster-network", text, labels: {} },
    labels: {},
    regions: [region],
    affected: shuffled(scene, affected),
    count,
    hopPart: scene.dice.between(0.01, 0.04),
  });
}

export function dnsFailure(scene: Scene, count: number): Cause {
  const region = scene.region();
  const text = critical("DnsResolutionFailing", "{15-95} % of look-ups in {region} get SERVFAIL");
  return scene.cascade({
    kind: "dns_failure",
    about: `the resolvers of ${region} answer SERVFAIL; what opens new connections fails`,
    root: { service: "dns-resolver", text, labels: {} },
    labels: {},
    regions: [region],
    affected: [own("dns-resolver"), ...scene.dependents("dns-resolver", 3, 0.75)],
    count,
    hopPart: scene.dice.between(0.008, 0.025),
  });
}

export function databaseFailover(scene: Scene, count: number): Cause {
  const { dice } = scene;
  const service = dice.pick(["postgres-users", "postgres-chat", "postgres-billing", "vector-db"]);
  const text = critical("PrimaryFailover", "{service} moved its primary, {2-40} s without writes");
  return scene.cascade({
    kind: "database_failover",
    about: `the primary of ${service} fails over and its clients lose their connections`,
    root: { service, text, labels: { instance: `${service}-${dice.below(3)}` } },
    labels: {},
    regions: scene.regions(2),
    affected: [own(service), ...scene.dependents(service, 4, 0.85)],
    count: Math.min(count, 30),
    hopPart: dice.between(0.008, 0.025),
  });
}

export function queueBacklog(scene: Scene, count: number): Cause {
  const region = scene.region();
  const text = critical("BrokerDiskFull", "a broker of {service} stops: {97-100} % of disk in use");
  return scene.cascade({
    kind: "queue_backlog",
    about: `brokers in ${region} stop taking messages; their consumers starve`,
    root: { service: "kafka-events", text, labels: { instance: `kafka-${scene.dice.below(5)}` } },
    labels: {},
    regions: [region],
    affected: [own("kafka-events"), ...scene.dependents("kafka-events", 3, 0.9)],
    count,
    hopPart: scene.dice.between(0.02, 0.05),
  });
}

/** One alert of many services: an expired certificate is easily lost among others. */
export function certificateExpired(scene: Scene, count: number): Cause {
  const service = scene.dice.pick(["edge-proxy", "api-gateway", "identity", "web-console"]);
  const text = critical("CertificateExpired", "the certificate of {service} ended {1-50} min ago");
  return scene.cascade({
    kind: "certificate_expired",
    about: `the certificate of ${service} was not renewed`,
    root: { service, text, labels: {} },
    labels: {},
    regions: scene.regions(2),
    affected: [own(service), ...scene.dependents(service, 1, 0.6)],
    count: Math.min(count, 1 + scene.dice.below(4)),
    hopPart: scene.dice.between(0.01, 0.03),
  });
}

/** A host that comes and goes, and what runs on it with it. */
export function flappingHost(scene: Scene, count: number): Cause {
  const { dice } = scene;
  const service = dice.pick(["vector-db", "redis-sessions", "search-index", "weights-cache"]);
  const instance = `${service}-host-${dice.below(90) + 10}`;
  const labels = { region: scene.region(), service, instance };
  const flips = 3 + dice.below(4);
  const unreachable = critical("HostUnreachable", "{instance} does not answer pings");
  const texts = [unreachable, ...own(service).texts];
  const wanted = Math.min(count, 1 + dice.below(4));
  const series = texts.slice(0, wanted).flatMap((text, nth) =>
    scene
      .series({ ...text, by: "pod" }, labels, 0, null)
      .map((one): Series => ({ ...one, flipsMs: flapping(scene, flips, nth) })),
  );
  const about = `a loose cable makes ${instance} come and go`;
  const root = { service, alertname: "HostUnreachable" };
  return scene.cause({ kind: "flapping_host", about, root, series });
}

/** What runs on the host follows it a little later. */
function flapping(scene: Scene, flips: number, nth: number): number[] {
  const { dice, durationMs, tickMs } = scene;
  const gapMs = (durationMs * 0.8) / flips;
  const flipsMs: number[] = [];
  for (let flip = 0; flip < flips; flip++) {
    const fireMs = scene.tick(durationMs * 0.05 + gapMs * (flip + dice.between(0, 0.2)));
    const delayMs = tickMs * Math.min(nth, 2);
    flipsMs.push(fireMs + delayMs, scene.tick(fireMs + gapMs * dice.between(0.3, 0.6)) + delayMs);
  }
  return flipsMs;
}

function own(service: string): Affected {
  const role = platform.find(({ name }) => name === service)?.role ?? "worker";
  return { service, hop: 0, texts: roleTexts[role] };
}

function shuffled<T>(scene: Scene, list: readonly T[]): T[] {
  return list
    .map((one) => ({ one, at: scene.dice.fraction() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}
