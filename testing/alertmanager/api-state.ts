/** A state of both programs with alerts of every kind and silences in every state. */
import { eventually } from "../contracts/eventually.ts";
import type { Name, Twins } from "./twins.ts";

export const configuration = (url: string): string => `
route:
  { receiver: team, group_by: [alertname], group_wait: 100ms, group_interval: 1s, routes: [
    { matchers: [team="x"], receiver: other, continue: true },
    { matchers: [team="x"], group_by: ["..."] } ] }
inhibit_rules:
  - { source_matchers: [severity="critical"], target_matchers: [severity="info"],
      equal: [cluster] }
receivers:
  - { name: team, webhook_configs: [{ url: "${url}/team" }] }
  - { name: other, webhook_configs: [{ url: "${url}/other" }] }
  - { name: unused }
`;

/** Silences of instance b: active twice, pending twice, expired twice. */
export async function prepare(twins: Twins): Promise<void> {
  await twins.send(
    { labels: { alertname: "Down", instance: "a" }, annotations: { summary: "x" } },
    { labels: { alertname: "Down", instance: "b", severity: "critical", cluster: "y" } },
    { labels: { alertname: "Slow", instance: "c", severity: "info", cluster: "y" } },
    { labels: { alertname: "Slow", instance: "b", severity: "info", cluster: "y" } },
    { labels: { alertname: "Full", instance: "d", team: "x" }, generatorURL: "http://prometheus" },
  );
  const nowMs = Date.now();
  for (const [fromS, toS, isOver] of [
    ...[[0, 3_600, false], [0, 1_800, false], [600, 7_200, false], [300, 9_000, false]],
    ...[[0, 900, true], [0, 950, true]],
  ] as [number, number, boolean][]) {
    const time = (seconds: number): string => new Date(nowMs + seconds * 1_000).toISOString();
    const [ours, theirs] = await twins.both("POST", "/api/v2/silences", {
      matchers: [
        { name: "instance", value: "b", isRegex: false },
        { name: "alertname", value: "D.*|Slow", isRegex: true, isEqual: true },
        { name: "team", value: "x", isRegex: false, isEqual: false },
      ],
      ...{ startsAt: time(fromS), endsAt: time(toS) },
      ...{ createdBy: "ann", comment: `from ${fromS} to ${toS}` },
    });
    if (!isOver) continue;
    const id = (body: unknown): string => (body as { silenceID: string }).silenceID;
    await twins.ask("tocsin", "DELETE", `/api/v2/silence/${id(ours.body)}`);
    await twins.ask("alertmanager", "DELETE", `/api/v2/silence/${id(theirs.body)}`);
  }
  await eventually(async () => {
    for (const { body } of await twins.both("GET", "/api/v2/alerts?active=false")) {
      const muted = body as unknown[];
      if (muted.length !== 3) throw new Error(`${muted.length} alerts are muted, not 3`);
    }
  });
}

/** Of those that are active, in the order of their ends. */
export async function silenceIds(twins: Twins): Promise<Record<Name, string>[]> {
  const [ours, theirs] = await twins.both("GET", "/api/v2/silences");
  const ids = (body: unknown): string[] => (body as { id: string }[]).map(({ id }) => id);
  const alertmanager = ids(theirs.body);
  return ids(ours.body)
    .slice(0, 2)
    .map((tocsin, index) => ({ tocsin, alertmanager: alertmanager[index]! }));
}
