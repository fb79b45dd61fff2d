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
  `{{ .CommonLabels.SortedPairs.Values }} {{ .GroupLabels.Names }}`,
  `{{ .CommonLabels.nothing }}|{{ index .CommonLabels "nothing" }}|{{ .CommonLabels.x | len }}`,
  `{{ with .CommonLabels.Remove (stringSlice "service") }}{{ .Names | join "," }}{{ end }}`,
  `{{ range .CommonLabels.SortedPairs }}{{ .Name | printf "%-10s" }}={{ printf "%q" .Value }};` +
    "{{ end }}",
  `{{ (index .Alerts 0).StartsAt.Format "Mon, 02 Jan 2006 15:04:05 MST" }}`,
  `{{ (index .Alerts 1).StartsAt }} {{ (index .Alerts 1).EndsAt.Unix }}`,
  `{{ ((index .Alerts 2).EndsAt.Sub (index .Alerts 2).StartsAt).Minutes }}`,
  `{{ "a b&c=é/" | urlquery }} {{ "<a href='x'>" | html }} {{ "it's" | js }}`,
  `{{ "mixed-CASE words_of node.js o'neil ΟΔΟΣ" | title }}`,
  `{{ "ÄÖ" | toLower }} {{ "ß" | toUpper }}`,
  `{{ if match "^chat-[0-9]+:.*" (index .Alerts 0).Labels.instance }}yes{{ else }}no{{ end }}`,
  `{{ reReplaceAll "(\\\\w+)-(\\\\w+)" "$2 $1 $\{1}x" "chat-api" }}`,
  `{{ $n := 0 }}{{ range .Alerts }}{{ if eq .Status "firing" }}{{ $n = len .Labels }}{{ end }}` +
    "{{ end }}{{ $n }}",
  `{{- /* trimmed */ -}}  {{ and .Status .Receiver }} {{ or "" "b" }} {{ not true }}`,
  `{{ 1.5e3 }} {{ 'x' }} {{ 0x1F }}`,
  `{{ slice "abcdef" 1 3 }} {{ print 1 2 "a" nil }} {{ printf "%v %T %05d %x" 1 "a" 42 "hi" }}`,
  `{{ block "fresh" . }}fresh {{ .Status }}{{ end }}`,
  "{{ range .Alerts }}{{ break }}{{ else }}e{{ end }}",
];
const redefining = `{{ define "my.severity" }}own{{ end }}{{ template "my.text" . }}`;
const htmls = [
  ...defaults.slice(0, 20),
  `<a href="{{ .ExternalURL }}?q={{ .Receiver }}" title='{{ .Receiver }}'>{{ .Status }}</a>`,
  `<script>x = {{ .GroupLabels.Values }}, y = "{{ .Receiver }}", z = {{ len .Alerts }};</script>`,
  `<p style="color: {{ .Status }}">{{ "<b>" | safeHtml }}{{ "<b>" }}<!-- gone --></p>`,
  `<a href="{{ "javascript:alert(1)" }}" data-x={{ .Receiver }}>{{ template "my.text" . }}</a>`,
];
const failing = [
  "{{ .Nothing }}", "{{ if }}", "{{ nope }}", `{{ template "none" . }}`, `{{ index .Alerts 99 }}`,
  "{{ range .Status }}x{{ end }}", "{{ 1 | toUpper }}", "a\nb {{ len 3 }}", "{{ end }}",
  "{{ .Status",
];

const data = sampleTemplateData(Date.UTC(2026, 0, 1, 12));
const resolved = Array.from({ length: 3 }, () => data.alerts[2]!);
const groups: TemplateData[] = [
  data,
  { ...data, status: "resolved", alerts: resolved, commonLabels: data.groupLabels },
  { ...data, receiver: `team "x"/ö <y>&`, alerts: [...data.alerts, ...resolved], groupLabels: {} },
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

const separator = "\n=====\n";

/** All texts in one call of amtool, which takes a process each; compared piece by piece. */
async function compared(type: "text" | "html", texts: string[], group: number): Promise<void> {
  const joined = texts.join(separator);
  const mine = await tocsin(type, joined, group);
  if (group === 0) expect(mine).not.toMatch(/^failed: /);
  if (!hasAmtool) return;
  const expected = await amtool(type, joined, group);
  const pieces = expected.split("=====");
  const found = mine.split("=====").map((piece, n) => ({ text: texts[n], piece }));
  expect(found).toEqual(pieces.map((piece, n) => ({ text: texts[n], piece })));
}

test.each([0, 1, 2])("texts, data %i", (group) => compared("text", texts, group));
test.each([0, 1, 2])("HTML, data %i", (group) => compared("html", htmls, group));
test("a text that redefines what a file defines", () => compared("text", [redefining], 0));

test("failures have the same words", async () => {
  for (const text of failing) {
    const mine = withoutTypes(await tocsin("text", text, 0));
    expect(mine).toMatch(/^failed: ./);
    if (!hasAmtool) continue;
    expect([text, mine]).toEqual([text, withoutTypes(await amtool("text", text, 0))]);
  }
});

test("amtool is there to compare with", ({ skip }) => {
  skip(!hasAmtool, "amtool is not installed: Tocsin's templates were only run");
});
