/**
 * The plot of a storm: which causes strike in one episode, and what becomes of their alerts on
 * the way: some are lost, some come late, some never say that they ended.
 */
import { causeKinds } from "./cause.ts";
import type { Cause, CauseKind, StormKind } from "./cause.ts";
import type { Dice } from "./dice.ts";
import {
  costSpike,
  deployGoneWrong,
  noisyNeighbour,
  providerRateLimit,
  qualityDrift,
} from "./kinds/application.ts";
import {
  certificateExpired,
  databaseFailover,
  dnsFailure,
  flappingHost,
  gpuOutOfMemory,
  queueBacklog,
  regionalNetworkLoss,
} from "./kinds/infrastructure.ts";
import { noise } from "./kinds/noise.ts";
import { Scene } from "./scene.ts";

export type Episode = {
  /** Part of the labels and ids: what comes again later is not the same alert. */
  number: number;
  durationMs: number;
  /** How many series it may have, about; at least `seriesMin`. */
  seriesMax: number;
};

export const seriesMin = 12;
/** Below so many series a cause is no storm: an episode has fewer causes instead. */
const seriesPerCauseMin = 12;
const missingChance = 0.05;
const lateChance = 0.08;
const neverEndsChance = 0.03;

type Tale = (scene: Scene, count: number) => Cause;

const tales: Record<Exclude<CauseKind, "noise">, Tale> = {
  gpu_oom_cascade: gpuOutOfMemory,
  deploy_gone_wrong: deployGoneWrong,
  provider_rate_limit: providerRateLimit,
  regional_network_loss: regionalNetworkLoss,
  noisy_neighbour: noisyNeighbour,
  quality_drift: qualityDrift,
  cost_spike: costSpike,
  dns_failure: dnsFailure,
  database_failover: databaseFailover,
  flapping_host: flappingHost,
  queue_backlog: queueBacklog,
  certificate_expired: certificateExpired,
};
const troubles = causeKinds.filter((kind) => kind !== "noise");

/** @param kind null: of every kind, as many as the episode has room for. */
export function planEpisode(dice: Dice, kind: StormKind | null, episode: Episode): Cause[] {
  const scene = new Scene(dice, episode.number, episode.durationMs);
  const budget = Math.max(seriesMin, episode.seriesMax);
  const noiseCount = kind === "noise" ? budget : Math.max(3, Math.floor(budget * 0.15));
  const chosen = choose(dice, kind, budget - noiseCount);
  // The storms first: what noise would say as well, they say.
  const share = Math.floor((budget - noiseCount) / Math.max(1, chosen.length));
  const storms = chosen.map((one) => tales[one](scene, share));
  const causes = [...noise(scene, noiseCount, true), ...storms];
  for (const cause of causes) disturb(dice, cause, episode.durationMs);
  return causes;
}

function choose(dice: Dice, kind: StormKind | null, room: number): Exclude<CauseKind, "noise">[] {
  if (kind === "noise") return [];
  if (kind !== null && kind !== "two_at_once") return [kind];
  const order = troubles
    .map((one) => ({ one, at: dice.fraction() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
  const count = kind === "two_at_once" ? 2 : Math.max(1, Math.floor(room / seriesPerCauseMin));
  return order.slice(0, count);
}

/** At least one alert of each cause comes through: of the others nobody could know. */
function disturb(dice: Dice, cause: Cause, durationMs: number): void {
  let told = cause.series.length;
  for (const series of cause.series) {
    const { flipsMs, changes } = series;
    if (flipsMs[0] === 0) continue;
    if (told > 1 && dice.fraction() < missingChance) {
      series.missing = true;
      told -= 1;
    }
    if (dice.fraction() < lateChance) {
      const lateMs = durationMs * dice.between(0.01, 0.06);
      series.lateMs = lateMs;
      series.flipsMs = flipsMs.map((ms) => ms + lateMs);
      series.changes = changes.map((one) => ({ ...one, atMs: one.atMs + lateMs }));
    }
    const ends = series.flipsMs.length % 2 === 0;
    if (ends && dice.fraction() < neverEndsChance) series.flipsMs.pop();
  }
}
