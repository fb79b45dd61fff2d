/**
 * A Prometheus as people run it, with a rule and Tocsin as its Alertmanager: the alert comes, a
 * receiver is told, it ends and is told of; Prometheus sees Tocsin's metrics.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../contracts/eventually.ts";
import { Program } from "../crash/program.ts";
import { startWebhookReceiver, type WebhookReceiver } from "../webhook-receiver.ts";
import { Child } from "./child.ts";
import { installed } from "./installed.ts";

const prometheusProgram = installed("prometheus");

const alertmanagerYml = (url: string): string => `
route: { receiver: team, group_by: [alertname], group_wait: 1s, group_interval: 1s }
receivers: [{ name: team, webhook_configs: [{ url: "${url}/team" }] }]
`;

/** `up` is 1 for as long as Tocsin's metrics can be read: the alert fires by its threshold. */
const rules = (threshold: number): string => `
groups:
  - name: one
    interval: 1s
    rules:
      - alert: Reachable
        expr: up{job="tocsin"} > ${threshold}
        labels: { severity: page, owner: "{{ $labels.job }}" }
        annotations: { summary: "{{ $labels.job }} is {{ $value }}" }
`;

const prometheusYml = (address: string): string => `
global: { scrape_interval: 1s, evaluation_interval: 1s, external_labels: { cluster: x } }
rule_files: [rules.yml]
scrape_configs:
  - { job_name: tocsin, static_configs: [{ targets: ["${address}"] }] }
alerting:
  alertmanagers: [{ static_configs: [{ targets: ["${address}"] }] }]
`;

describe.skipIf(prometheusProgram === undefined)("Prometheus", () => {
  let dir = "";
  let receiver: WebhookReceiver;
  let program: Program;
  let prometheus: Child;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "tocsin-prometheus-"));
    receiver = await startWebhookReceiver();
    const configPath = join(dir, "alertmanager.yml");
    writeFileSync(configPath, alertmanagerYml(receiver.url));
    program = await Program.start({ dataDir: join(dir, "data"), configPath, chaos: false });
    writeFileSync(join(dir, "rules.yml"), rules(0));
    writeFileSync(join(dir, "prometheus.yml"), prometheusYml(new URL(program.url).host));
    const args = (address: string): string[] => [
      ...[`--config.file=${dir}/prometheus.yml`, `--storage.tsdb.path=${dir}/tsdb`],
      ...[`--web.listen-address=${address}`, "--rules.alert.resend-delay=1s"],
      "--web.enable-lifecycle",
    ];
    prometheus = await Child.start(prometheusProgram!, args, "/-/ready");
  });

  afterAll(async () => {
    program?.kill9();
    await Promise.all([prometheus?.kill9(), receiver?.stop()]);
    rmSync(dir, { recursive: true, force: true });
  });

  test("its alert comes, is told, ends, and is told of", async () => {
    type Alert = { fingerprint: string; generatorURL: string };
    const labels = { alertname: "Reachable", severity: "page", owner: "tocsin", cluster: "x" };
    let shown: Alert[] = [];
    await eventually(async () => {
      shown = (await get(`${program.url}/api/v2/alerts`)) as Alert[];
      expect(shown).toMatchObject([
        {
          labels: { ...labels, job: "tocsin", instance: new URL(program.url).host },
          annotations: { summary: "tocsin is 1" },
          receivers: [{ name: "team" }],
          status: { state: "active" },
        },
      ]);
    });
    const [first] = await receiver.received(1, "/team");
    const told = JSON.parse(first!.body) as { status: string; alerts: Alert[] };
    expect(told).toMatchObject({ version: "4", status: "firing", commonLabels: labels });
    expect(told.alerts[0]).toMatchObject({
      fingerprint: shown[0]!.fingerprint,
      generatorURL: shown[0]!.generatorURL,
    });
    expect(shown[0]!.generatorURL).toContain("/graph?");

    writeFileSync(join(dir, "rules.yml"), rules(1));
    await fetch(`${prometheus.url}/-/reload`, { method: "POST" });
    const messages = await receiver.received(2, "/team");
    expect(messages).toHaveLength(2);
    expect(JSON.parse(messages[1]!.body)).toMatchObject({
      status: "resolved",
      alerts: [{ status: "resolved", labels, fingerprint: shown[0]!.fingerprint }],
    });
    expect(await get(`${program.url}/api/v2/alerts`)).toEqual([]);
  });

  test("it knows Tocsin as its Alertmanager and reads its metrics", async () => {
    await eventually(async () => {
      expect(await get(`${prometheus.url}/api/v1/alertmanagers`)).toMatchObject({
        data: { activeAlertmanagers: [{ url: `${program.url}/api/v2/alerts` }] },
      });
      const targets = await get(`${prometheus.url}/api/v1/targets`);
      expect(targets).toMatchObject({ data: { activeTargets: [{ health: "up", lastError: "" }] } });
    });
    for (const [metric, least] of [
      ["tocsin_alerts_received_total", 1],
      ["alertmanager_config_last_reload_successful", 1],
    ] as [string, number][]) {
      await eventually(async () => {
        const query = `${prometheus.url}/api/v1/query?query=${metric}`;
        type Result = { data: { result: { value: [number, string] }[] } };
        const { data } = (await get(query)) as Result;
        expect(Number(data.result[0]?.value[1])).toBeGreaterThanOrEqual(least);
      });
    }
  });
});

async function get(url: string): Promise<unknown> {
  return (await fetch(url)).json();
}
