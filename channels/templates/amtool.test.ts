/**
 * The same templates and data through Alertmanager's own `amtool template render`, where it is
 * installed: what it prints, Tocsin prints. Runs with amtool 0.25 and newer.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openTemplateRenderer } from "./renderer.ts";
import type { TemplateRenderer } from "./renderer.ts";
import { sampleTemplateData } from "./sample-data.ts";
import type { TemplateData } from "./template-data.ts";

const run = promisify(execFile);
/** Not here, as 0.25 has them not: how a KV prints itself, and the functions since 0.26. */
const userFile = `{{/* A user's file. */ -}}
{{ define "my.severity" }}{{ if eq .CommonLabels.severity "critical" }}:fire:{{ else }}:bell:
{{- end }}{{ end }}
{{ define "my.list" -}}
{{ range $i, $alert := . }}{{ if $i }}, {{ end }}{{ $alert.Labels.instance }}{{ end }}
{{- end }}
{{ define "my.text" }}{{ template "my.severity" . }} *{{ .GroupLabels.alertname | title }}*
{{- range .Alerts }}
• {{ .Annotations.summary }} ({{ .Labels.instance | reReplaceAll ":.*" "" }})
{{- end }}{{ end }}
file body {{ .Status }}`;

/** Names that amtool 0.25 has; a list of alerts is the dot of the second kind. */
const defaults = [
  ...["__alertmanager", "__alertmanagerURL", "__subject", "__description"],
  ...["title", "username", "fallback", "callbackid", "pretext", "titlelink", "iconemoji"].map(
    (part) => `slack.default.${part}`,
  ),
  ...["slack.default.iconurl", "slack.default.text", "slack.default.footer"],
  ...["description", "client", "clientURL"].map((part) => `pagerduty.default.${part}`),
  ...["message", "description", "source"].map((part) => `opsgenie.default.${part}`),
  ...["message", "to_user", "to_party", "to_tag", "agent_id"].map((p) => `wechat.default.${p}`),
  ...["state_message", "entity_display_name", "monitoring_tool"].map(
    (part) => `victorops.default.${part}`,
  ),
  ...["title", "message", "url"].map((part) => `pushover.default.${part}`),
  ...["sns.default.subject", "sns.default.message", "telegram.default.message"],
  "email.default.subject",
].map((name) => `{{ template "${name}" . }}`);

const texts = [
  ...defaults,
  ...["__text_alert_list", "pagerduty.default.instances"].map(
    (name) => `{{ template "${name}" .Alerts.Firing }}`,
  ),
  `{{ template "my.text" . }}`,
  `{{ template "user.tmpl" . }}`,
  `{{ template "my.list" .Alerts.Firing }} {{ template "my.list" .Alerts.Resolved }}`,
  `{{ define "my.severity" }}own{{ end }}{{ template "my.text" . }}`,
  `{{ .CommonLabels.SortedPairs.Values }} {{ .GroupLabels.Names }}`,
  `{{ .CommonLabels.nothing }}|{{ index .CommonLabels "nothing" }}|{{ .CommonAnnotations.x | len }}`,
  `{{ with .CommonLabels.Remove (stringSlice "service") }}{{ .Names | join "," }}{{ end }}`,
  `{{ range .CommonLabels.SortedPairs }}{{ .Name | printf "%-10s" }}={{ .Value | printf "%q" }};{{ end }}`,
  `{{ (index .Alerts 0).StartsAt.Format "Mon, 02 Jan 2006 15:04:05 MST" }}`,
  `{{ (index .Alerts 1).StartsAt }} {{ (index .Alerts 1).EndsAt.Unix }}`,
  `{{ ((index .Alerts 2).EndsAt.Sub (index .Alerts 2).StartsAt).Minutes }}`,
  `{{ "a b&c=é/" | urlquery }} {{ "<a href='x'>" | html }} {{ "it's" | js }}`,
  `{{ "mixed-CASE words_of node.js o'neil ΟΔΟΣ" | title }} {{ "ÄÖ" | toLower }} {{ "ß" | toUpper }}`,
  `{{ if match "^chat-[0-9]+:.*" (index .Alerts 0).Labels.instance }}yes{{ else }}no{{ end }}`,
  `{{ reReplaceAll "(\\\\w+)-(\\\\w+)" "$2 $1 $\{1}x" "chat-api" }}`,
  `{{ $n := 0 }}{{ range .Alerts }}{{ if eq .Status "firing" }}{{ $n = len .Labels }}{{ end }}{{ end }}{{ $n }}`,
  `{{- /* trimmed */ -}}  {{ and .Status .Receiver }} {{ or "" "b" }} {{ not true }} {{ 1.5e3 }} {{ 'x' }}`,
  `{{ slice "abcdef" 1 3 }} {{ print 1 2 "a" nil }} {{ printf "%v %T %05d %x" 1 "a" 42 "hi" }}`,
  `{{ block "fresh" . }}fresh {{ .Status }}{{ end }}{{ range .Alerts }}{{ break }}{{ else }}e{{ end }}`,
];
const htmls = [
  ...defaults.slice(0, 20),
  `<a href="{{ .ExternalURL }}?q={{ .Receiver }}" title='{{ .Receiver }}'>{{ .Status }}</a>`,
  `<script>var x = {{ .GroupLabels.Values }}, y = "{{ .Receiver }}", z = {{ len .Alerts }};</script>`,
  `<p style="color: {{ .Status }}">{{ "<b>" | safeHtml }}{{ "<b>" }}<!-- gone --></p>`,
  `<a href="{{ "javascript:alert(1)" }}" data-x={{ .Receiver }}>{{ template "my.text" . }}</a>`,
];
const failing = [
  "{{ .Nothing }}", "{{ if }}", "{{ nope }}", `{{ template "none" . }}`, `{{ index .Alerts 99 }}`,
  "{{ range .Status }}x{{ end }}", "{{ 1 | toUpper }}", "a\nb {{ len 3 }}", "{{ end }}", "{{ .Status",
];

const data = sampleTemplateData(Date.UTC(2026, 0, 1, 12));
const groups: TemplateData[] = [
  data,
  { ...data, status: "resolved", alerts: data.alerts.slice(2), commonLabels: data.groupLabels },
  { ...data, receiver: `team "x"/ö <y>&`, alerts: data.alerts.slice(0, 1), groupLabels: {} },
];
/** Where a distribution takes the default templates out of amtool and into files. */
const packagedDefaults = "/usr/share/prometheus/alertmanager/*.tmpl";

let folder: string;
let renderer: TemplateRenderer;
let hasAmtool = false;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tocsin-amtool-"));
  const userPath = join(folder, "user.tmpl");
  await writeFile(userPath, userFile);
  for (const [n, group] of groups.entries()) await writeFile(dataFile(n), JSON.stringify(group));
  renderer = await openTemplateRenderer([{ name: userPath, text: userFile }]);
  hasAmtool = await run("amtool", ["--version"]).then(
    () => true,
    () => false,
  );
}, 30_000);

afterAll(async () => {
  await renderer.close();
  await rm(folder, { recursive: true });
});

const dataFile = (n: number): string => join(folder, `group-${n}.json`);

/** What it printed, or its complaint without the words before "template:". */
async function amtool(type: "text" | "html", text: string, group: number): Promise<string> {
  try {
    const { stdout } = await run("amtool", [
      ...["template", "render", "--template.type", type, "--template.text", text],
      ...["--template.glob", packagedDefaults, "--template.glob", join(folder, "*.tmpl")],
      ...["--template.data", dataFile(group)],
    ]);
    return stdout;
  } catch (error) {
    const { stderr } = error as { stderr: string };
    return `failed: ${/template: ?[^:]*:\d+(?::\d+)?: (.*)/s.exec(stderr)?.[1]?.trim() ?? stderr}`;
  }
}

async function tocsin(type: "text" | "html", text: string, group: number): Promise<string> {
  const render = type === "text" ? renderer.render : renderer.renderHtml;
  return await render.call(renderer, text, groups[group]!, "text").catch((error: Error) => {
    return `failed: ${error.message.replace(/^[^:]*:(\d+:)? /, "")}`;
  });
}

/** Types have other names in the two programs. */
const withoutTypes = (text: string): string => text.replace(/\*?\b(main|template)\.(\w+)/g, "$2");

test.each([
  ["text", texts],
  ["html", htmls],
  ["text", failing],
] as const)("%s, list %#: the same as amtool", async (type, templates) => {
  const each = templates.flatMap((text) => groups.map((_, group) => ({ text, group })));
  const got = await Promise.all(each.map(({ text, group }) => tocsin(type, text, group)));
  if (templates === failing) for (const one of got) expect(one).toMatch(/^failed: /);
  else for (const one of got) expect(one).not.toMatch(/^failed: /);
  if (!hasAmtool) {
    process.stderr.write("amtool is not installed: nothing to compare with\n");
    return;
  }
  const differences: object[] = [];
  for (const [n, { text, group }] of each.entries()) {
    const expected = withoutTypes(await amtool(type, text, group));
    const mine = withoutTypes(got[n]!);
    if (mine !== expected) differences.push({ text, group, mine, expected });
  }
  expect(differences).toEqual([]);
}, 60_000);
