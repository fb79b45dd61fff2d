/**
 * Quiet background noise: alerts that concern nobody tonight, each a cause of its own. Most of
 * them say so by their severity; some rules cry wolf.
 */
import type { AlertText } from "../alert-texts.ts";
import type { Cause } from "../cause.ts";
import { platform } from "../platform.ts";
import type { Scene } from "../scene.ts";

const rows = [
  ["CertificateExpiresSoon", "low", "the certificate of {service} ends in {10-29} days"],
  ["DiskFillingUp", "medium", "the volume of {service} is full in {3-9} days"],
  ["BackupTookLong", "low", "last night's backup of {service} took {2-6} h"],
  ["BuildQueueLong", "info", "jobs of {service} wait {4-30} min for a runner"],
  ["ClockSkew", "low", "the clock of {instance} is {200-900} ms off"],
  ["CronJobMissed", "medium", "a nightly job of {service} did not run"],
  ["PackageVulnerable", "info", "{service} has {1-9} dependencies with an advisory"],
  ["MemoryAboveRequest", "low", "{instance} uses {101-140} % of the memory it asked for"],
  ["FanSpeedHigh", "info", "a fan of {instance} runs at {6000-9000} turns a minute"],
  ["LogVolumeHigh", "low", "{service} writes {3-20} times its usual logs"],
  ["ScrapeSlow", "info", "metrics of {instance} take {4-9} s"],
  ["ProbeFlaky", "high", "{1-3} of {20-60} probes of {service} failed"],
  ["CpuThrottled", "medium", "{instance} is throttled {20-60} % of the time"],
] as const;

/**
 * @param toEnd the first of them fires from the beginning to the end, so that there is always
 *   something to repeat.
 */
export function noise(scene: Scene, count: number, toEnd: boolean): Cause[] {
  const { dice, durationMs } = scene;
  const causes: Cause[] = [];
  // Ever rarer luck in finding an alert that is not there yet must come to an end.
  for (let tries = 0; causes.length < count && tries < 4 * count; tries++) {
    const [alertname, severity, summary] = dice.pick(rows);
    const { name: service } = dice.pick(platform);
    const labels: Record<string, string> = { service, region: scene.region() };
    if (summary.includes("{instance}")) labels["instance"] = `${service}-${dice.below(9)}`;
    if (dice.fraction() < 0.15) labels["environment"] = "staging";
    const always = toEnd && causes.length === 0;
    const beginMs = always ? 0 : durationMs * dice.between(0.02, 0.8);
    const endMs = always ? null : beginMs + durationMs * dice.between(0.05, 0.35);
    const text: AlertText = { alertname, severity, summary, by: "pod" };
    const series = scene.series(text, labels, beginMs, endMs);
    const about = series[0]?.annotations["summary"] ?? "";
    const root = { service, alertname };
    if (series.length > 0) causes.push(scene.cause({ kind: "noise", about, root, series }));
  }
  return causes;
}
