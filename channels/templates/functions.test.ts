/** Every function, method and field that a template may use, each with what it renders. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTemplateRenderer } from "./renderer.ts";
import type { TemplateRenderer } from "./renderer.ts";
import { sampleTemplateData } from "./sample-data.ts";
import type { TemplateData } from "./template-data.ts";

const data: TemplateData = {
  ...sampleTemplateData(Date.UTC(2026, 0, 1, 12)),
  notification_reason: "first",
  routeLabels: {
    team: "{{ .Status }}-team",
    both: `{{ routeLabels "team" }}!`,
    loop: `{{ routeLabels "loop" }}`,
  },
};
let renderer: TemplateRenderer;

beforeAll(async () => {
  renderer = await openTemplateRenderer([]);
}, 30_000);
afterAll(() => renderer.close());

describe("text", () => {
  const cases: [template: string, rendered: string][] = [
    [`{{ "aBc" | toUpper }} {{ "aBc" | toLower }}`, "ABC abc"],
    [`{{ title "high LATENCY of node.js, don't-ask" }}`, "High Latency Of Node.js, Don't-Ask"],
    [`{{ title "straße 中b ΟΔΟΣ" }}`, "Straße 中B Οδος"],
    [`[{{ trimSpace " a b\t" }}]`, "[a b]"],
    [`{{ join "-" (stringSlice "a" "b") }}`, "a-b"],
    [`{{ .GroupLabels.Values | join "," }}`, "HighLatency,chat-api"],
    [`{{ match "^ch.t" "chat" }} {{ match "^x" "chat" }}`, "true false"],
    [`{{ reReplaceAll "(a+)b" "<$1>" "aab ab b" }}`, "<aa> <a> b"],
    [`{{ urlUnescape "a%20b+c" }} {{ "a b&c" | urlquery }}`, "a b c a+b%26c"],
    [`{{ base64encode "a?b>" }} {{ base64decode "YT9iPg==" }}`, "YT9iPg== a?b>"],
    [`{{ toJson .GroupLabels }}`, `{"alertname":"HighLatency","service":"chat-api"}`],
    [`{{ .CommonLabels.Names | toJson }}`, `["alertname","service","severity"]`],
    [`{{ list 1 "a" | toJson }} {{ list | toJson }}`, `[1,"a"] []`],
    [`{{ append (list 1) 2 3 | toJson }}`, "[1,2,3]"],
    [`{{ (dict "a" 1 "b" (list 2)) | toJson }}`, `{"a":1,"b":[2]}`],
    [`{{ safeHtml "<b>" }}{{ safeUrl "x:y" }}`, "<b>x:y"],
    [`{{ routeLabels "both" }}|{{ routeLabels "none" }}`, "firing-team!|"],
  ];
  test.each(cases)("%s", async (template, rendered) => {
    expect(await renderer.render(template, data)).toBe(rendered);
  });
});

describe("time", () => {
  const at = "(index .Alerts 0).StartsAt";
  const cases: [template: string, rendered: string | RegExp][] = [
    [`{{ ${at}.Format "15:04" }}`, "11:48"],
    [`{{ ${at} | date "Jan 2 15:04:05" }}`, "Jan 1 11:48:00"],
    [`{{ ${at} | tz "Europe/Berlin" | date "15:04 MST -0700" }}`, "12:48 CET +0100"],
    [`{{ (${at} | tz "America/New_York").Format "15:04 MST" }}`, "06:48 EST"],
    [`{{ (now.Sub (toDate "2006" "2026")).Hours | printf "%.0f" }}`, /^-?\d+$/],
    [`{{ gt (since (toDate "2006" "2024")).Hours 1.0 }}`, "true"],
    [`{{ (toDate "2006-01-02" "2024-03-15").Weekday }}`, "Friday"],
    [`{{ (toDate "2006-01-02" "no date").IsZero }}`, "true"],
    [`{{ (mustToDate "2006-01-02" "2024-03-15").Unix }}`, "1710460800"],
    [`{{ (index .Alerts 0).EndsAt.IsZero }}`, "true"],
    [`{{ range list 0 1 60 3600.0 90061 -1 }}{{ humanizeDuration . }}, {{ end }}`,
      "0s, 1s, 1m 0s, 1h 0m 0s, 1d 1h 1m 1s, -1s, "],
    [`{{ range list .1 .0001 1.2345 899.99 "12.345" }}{{ humanizeDuration . }}, {{ end }}`,
      "100ms, 100us, 1.234s, 14m 59s, 12.35s, "],
    [`{{ (index .Alerts 2).EndsAt.Sub (index .Alerts 2).StartsAt | humanizeDuration }}`,
      "14m 0s"],
  ];
  test.each(cases)("%s", async (template, rendered) => {
    const got = await renderer.render(template, data);
    if (typeof rendered === "string") expect(got).toBe(rendered);
    else expect(got).toMatch(rendered);
  });

  test("since counts from the time to now", async () => {
    const now = await renderer.render("{{ now.UnixMilli }}", data);
    expect(Math.abs(Number(now) - Date.now())).toBeLessThan(5_000);
  });
});

describe("data", () => {
  const cases: [template: string, rendered: string][] = [
    ["{{ .Receiver }} {{ .Status }} {{ .ExternalURL }}", "oncall firing https://alerts.example.com"],
    ["{{ .NotificationReason }}", "first"],
    ["{{ len .Alerts }} {{ len .Alerts.Firing }} {{ .Alerts.Resolved | len }}", "3 2 1"],
    ["{{ range .Alerts.Resolved }}{{ .Status }} {{ .Labels.instance }}{{ end }}",
      "resolved chat-3:8080"],
    ["{{ (index .Alerts 0).Fingerprint }} {{ (index .Alerts 1).GeneratorURL | len }}",
      "000000000000000c 61"],
    ["{{ .CommonLabels.SortedPairs }}",
      "alertname=HighLatency, service=chat-api, severity=critical"],
    ["{{ .CommonLabels }}", "alertname=HighLatency, service=chat-api, severity=critical"],
    ["{{ range .GroupLabels.SortedPairs }}{{ .Name }}:{{ .Value }};{{ end }}",
      "alertname:HighLatency;service:chat-api;"],
    [`{{ .CommonLabels.Remove (stringSlice "alertname" "x") }}`,
      "service=chat-api, severity=critical"],
    ["{{ (.CommonLabels.Remove .GroupLabels.Names).Values.Join `,` }}", "critical"],
    [`{{ .CommonLabels.SortedPairs.Names.Join "+" }}`, "alertname+service+severity"],
    [`[{{ .CommonLabels.nothing }}][{{ (dict "a" 1).b }}]`, "[][<no value>]"],
    ["{{ with .CommonAnnotations.summary }}a{{ else }}b{{ end }}", "b"],
  ];
  test.each(cases)("%s", async (template, rendered) => {
    expect(await renderer.render(template, data)).toBe(rendered);
  });

  test("alertname comes first, also before names that sort before it", async () => {
    const labels = { alertname: "A", _a: "1", Z: "2" };
    const own = { ...data, commonLabels: labels };
    expect(await renderer.render("{{ .CommonLabels }}", own)).toBe("alertname=A, Z=2, _a=1");
  });
});

describe("HTML", () => {
  const hostile = { ...data, receiver: `<b a="1">'&` };
  const cases: [template: string, rendered: string][] = [
    ["<p>{{ .Receiver }}</p>", "<p>&lt;b a=&#34;1&#34;&gt;&#39;&amp;</p>"],
    ["<p>{{ .Receiver | safeHtml }}</p>", `<p><b a="1">'&</p>`],
    [`<a href="{{ "javascript:x()" }}">`, `<a href="#ZgotmplZ">`],
    [`<a href="{{ "tel:1" | safeUrl }}">`, `<a href="tel:1">`],
    [`<a href="/?q={{ .Receiver }}">`, `<a href="/?q=%3cb%20a%3d%221%22%3e%27%26">`],
    ["<script>a = {{ .GroupLabels }}</script>",
      `<script>a = "alertname=HighLatency, service=chat-api"</script>`],
    ["{{ .Receiver }}", "&lt;b a=&#34;1&#34;&gt;&#39;&amp;"],
  ];
  test.each(cases)("%s", async (template, rendered) => {
    expect(await renderer.renderHtml(template, hostile)).toBe(rendered);
  });
});

describe("misuse is told", () => {
  const cases: [template: string, message: string][] = [
    [`{{ dict "a" }}`, "dict: got 1 arguments, expected names and values in turn"],
    [`{{ dict 1 2 }}`, "dict: got 1 as a name, expected a string"],
    [`{{ match "(" "a" }}`, "missing closing )"],
    [`{{ reReplaceAll "(" "a" "b" }}`, "missing closing )"],
    [`{{ now | tz "Nowhere/Town" }}`, "unknown time zone Nowhere/Town"],
    [`{{ humanizeDuration "one" }}`, `parsing "one": invalid syntax`],
    [`{{ humanizeDuration true }}`, "can't convert bool to float"],
    [`{{ base64decode "*" }}`, "illegal base64 data"],
    [`{{ mustToDate "2006" "x" }}`, "cannot parse"],
    [`{{ routeLabels "loop" }}`, "route labels need each other: loop -> loop"],
    [`{{ env "HOME" }}`, `function "env" not defined`],
  ];
  test.each(cases)("%s", async (template, message) => {
    await expect(renderer.render(template, data)).rejects.toThrow(message);
  });
});

test("the time zone of the process does not reach a template", async () => {
  expect(await renderer.render(`{{ now.Format "MST -07" }}`, data)).toBe("UTC +00");
});
