/** Troubles that people and models bring: deploys, providers, quality, tenants, costs. */
import { annotationsOf, qualityTexts, roleTexts } from "../alert-texts.ts";
import type { AlertText } from "../alert-texts.ts";
import type { Affected, Cause, Series } from "../cause.ts";
import { dependenciesOf } from "../graph.ts";
import { hostedHere, hostedThere, platform, tenants } from "../platform.ts";
import type { Scene } from "../scene.ts";

export function deployGoneWrong(scene: Scene, count: number): Cause {
  const { dice } = scene;
  const service = dice.pick(["llm-router", "chat-api", "identity", "rag-answers"]);
  const role = platform.find(({ name }) => name === service)?.role ?? "api";
  const version = `v${1 + dice.below(9)}.${dice.below(40)}.${dice.below(10)}`;
  const text: AlertText = {
    ...{ alertname: "RolloutErrorsHigh", severity: "critical", by: "service" },
    summary: `{service} ${version} fails {10-90} % of requests, the version before {0-1} %`,
  };
  return scene.cascade({
    kind: "deploy_gone_wrong",
    about: `${service} ${version} was rolled out and fails; its callers fail with it`,
    root: { service, text, labels: { version } },
    labels: {},
    regions: scene.regions(3),
    affected: [
      { service, hop: 0, texts: roleTexts[role] },
      ...scene.dependents(service, 3, 0.9),
    ],
    count,
    hopPart: dice.between(0.008, 0.025),
  });
}

export function providerRateLimit(scene: Scene, count: number): Cause {
  const { dice } = scene;
  const provider = dice.pick(["provider-north", "provider-east"]);
  const model = dice.pick(hostedThere);
  const text: AlertText = {
    ...{ alertname: "ProviderRateLimited", severity: "critical", by: "model" },
    summary: "{service} answers 429 to {10-95} % of calls to {model}",
  };
  return scene.cascade({
    kind: "provider_rate_limit",
    about: `${provider} limits calls to ${model}; routers retry and fall back`,
    root: { service: provider, text, labels: { provider } },
    labels: { model_id: model },
    regions: scene.regions(4),
    affected: scene.dependents(provider, 3, 0.8),
    count,
    hopPart: dice.between(0.01, 0.03),
  });
}

/** Slow: the numbers of an hour change by and by, each service's at its own pace. */
export function qualityDrift(scene: Scene, count: number): Cause {
  const { dice } = scene;
  const model = dice.pick([...hostedHere.map((one) => one.model), ...hostedThere]);
  const symptoms = Object.entries(qualityTexts.symptoms);
  const affected = symptoms.map(([service, texts], nth): Affected => {
    return { service, hop: 1 + (nth % 3), texts };
  });
  return scene.cascade({
    kind: "quality_drift",
    about: `${model} answers worse since its last update; nothing fails`,
    root: { service: "eval-runner", text: qualityTexts.root, labels: {} },
    labels: { model_id: model },
    regions: [],
    affected,
    count,
    hopPart: dice.between(0.03, 0.09),
  });
}

/** Downwards in the graph: what the tenant's calls need is what they wear out. */
export function noisyNeighbour(scene: Scene, count: number): Cause {
  const { dice } = scene;
  const noisy = dice.pick(tenants);
  const service = dice.pick(["completion-api", "chat-api", "batch-api"]);
  const region = scene.region();
  const text: AlertText = {
    ...{ alertname: "TenantTrafficSurge", severity: "high", by: "service" },
    summary: "{tenant} sends {9-80} times its usual traffic to {service}",
  };
  const worn = dependenciesOf(platform, service)
    .filter(({ hop, service: { role } }) => hop <= 3 && role !== "dns" && dice.fraction() < 0.7)
    .map(({ service: { name, role }, hop }) => ({ service: name, hop, texts: roleTexts[role] }));
  const cause = scene.cascade({
    kind: "noisy_neighbour",
    about: `${noisy} floods ${service}; what it shares with other tenants wears out`,
    root: { service, text, labels: { customer: noisy } },
    labels: {},
    regions: [region],
    affected: [{ service, hop: 0, texts: roleTexts.api }, ...worn],
    count: Math.max(1, count - 3),
    hopPart: dice.between(0.01, 0.03),
  });
  const [beginMs = 0, endMs = null] = cause.series[0]?.flipsMs ?? [];
  const throttled: AlertText = {
    ...{ alertname: "TenantLatencyHigh", severity: "high", by: "service" },
    summary: "requests of {tenant} to {service} take {4-60} s",
  };
  for (const tenant of tenants.filter((one) => one !== noisy).slice(0, Math.max(0, count - 1))) {
    if (dice.fraction() < 0.4) continue;
    const labels = { region, service, customer: tenant };
    const delayMs = scene.durationMs * dice.between(0.02, 0.08);
    cause.series.push(...scene.series(throttled, labels, beginMs + delayMs, endMs));
  }
  return cause;
}

/** Fires until the end: somebody has to look at it. */
export function costSpike(scene: Scene, count: number): Cause {
  const { dice, durationMs } = scene;
  const tenant = dice.pick(tenants);
  const beginMs = durationMs * dice.between(0.1, 0.5);
  const text = (factor: number): AlertText => ({
    ...{ alertname: "TokenSpendAnomaly", severity: "high", by: "model" },
    summary: `{tenant} spends ${factor} times its usual on {model}, {200-9000} USD an hour`,
  });
  const models = [...hostedThere, ...hostedHere.map(({ model }) => model)];
  const first = dice.below(models.length);
  const wanted = Math.min(count, 1 + dice.below(models.length));
  const series = models.slice(0, wanted).flatMap((_, nth): Series[] => {
    const model_id = models[(first + nth) % models.length] ?? "";
    const labels = { service: "billing", customer: tenant, model_id };
    const fireMs = beginMs + dice.between(0, 0.1) * durationMs;
    return scene.series(text(3), labels, fireMs, null).map((one) => ({
      ...one,
      changes: [6, 9].map((factor, step) => ({
        atMs: (one.flipsMs[0] ?? 0) + (0.1 + 0.15 * step) * durationMs + scene.tickMs / 2,
        annotations: annotationsOf(dice, text(factor).summary, one.labels),
      })),
    }));
  });
  const about = `a script of ${tenant} repeats its prompts in a loop; the bill grows`;
  const root = { service: "billing", alertname: "TokenSpendAnomaly" };
  // The model whose spending was noticed first is as good a root as any.
  series.sort((a, b) => (a.flipsMs[0] ?? 0) - (b.flipsMs[0] ?? 0));
  return scene.cause({ kind: "cost_spike", about, root, series });
}
