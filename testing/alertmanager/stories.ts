/** What both programs live through, and what we expect of both: one line for each message. */
import type { Story } from "./story.ts";

export type Tale = {
  title: string;
  /** The label `case` of its alerts. */
  about: string;
  tell(story: Story): Promise<unknown>;
  /** Group by group, in the order of paths, receivers and group keys. */
  expected: string[];
  /** Where Alertmanager tells something else, and that is known: docs/alertmanager.md. */
  theirs?: string[];
};

const hourAgo = (): string => new Date(Date.now() - 3_600_000).toISOString();

/** At once, in one pair of programs; each is over after ten seconds. */
export const tales: Tale[] = [
  {
    title: "a group waits, is told, told of changes, of an end, and of its own end",
    about: "life",
    async tell(story) {
      await story.fire(["a"], { annotations: { summary: "x", runbook: "r" } });
      await (await story.at(0.3)).fire(["b"], { annotations: { summary: "y", runbook: "r" } });
      const more = { generatorURL: "http://prometheus/graph?g0=1" };
      await (await story.at(2)).fire(["c"], more);
      // Sent again with a later start: it still began when it began.
      await story.fire(["a"], { annotations: { summary: "x", runbook: "r" } });
      await (await story.at(4)).resolve(["a"], { annotations: { summary: "x", runbook: "r" } });
      await (await story.at(6)).resolve(["b"], { annotations: { summary: "y", runbook: "r" } });
      await story.resolve(["c"], more);
    },
    expected: [
      "team firing: a, b",
      "team firing: a, b, c",
      "team firing: a ended, b, c",
      "team resolved: b ended, c ended",
    ],
  },
  {
    title: "an alert that began long ago does not wait, others in its group do",
    about: "old",
    async tell(story) {
      await story.fire(["a"], { startsAt: hourAgo() });
      await (await story.at(0.5)).fire(["b"], { startsAt: hourAgo() });
    },
    expected: ["team firing: a", "team firing: a, b"],
  },
  {
    title: "a repeat_interval that is a multiple of group_interval is kept exactly",
    about: "multiple",
    async tell(story) {
      await story.fire(["a"]);
      await (await story.at(8)).resolve(["a"]);
    },
    expected: ["team firing: a", "team firing: a", "team resolved: a ended"],
    // It counts from when it had sent: by chance it is one look late.
    theirs: ["team firing: a", "team resolved: a ended"],
  },
  {
    title: "repeated after repeat_interval, with the annotations of now",
    about: "repeat",
    async tell(story) {
      await story.fire(["a"], { annotations: { summary: "at first" } });
      const annotations = { summary: "later" };
      await (await story.at(2)).fire(["a"], { annotations });
      await (await story.at(6)).resolve(["a"], { annotations });
    },
    expected: ["team firing: a", "team firing: a", "team resolved: a ended"],
  },
  {
    title: "routes with continue",
    about: "continue",
    tell: (story) => story.fire(["a"], { labels: { severity: "page" } }),
    expected: ["first firing: a", "second firing: a"],
  },
  {
    title: "'...' makes a group of each label set",
    about: "each",
    async tell(story) {
      await story.fire(["a", "b"]);
      await (await story.at(2)).resolve(["b"]);
    },
    expected: ["team firing: a", "team firing: b", "team resolved: b ended"],
  },
  {
    title: "group_by of a label that none has is one group of all, an empty one is the parent's",
    about: "one",
    async tell(story) {
      for (const kind of ["none", "empty"]) {
        await story.fire(["a"], { labels: { kind } });
        await story.fire(["b"], { labels: { kind, alertname: "Slow", job: "j" } });
      }
    },
    expected: ["team firing: a", "team firing: b", "team firing: b, a"],
  },
  {
    title: "while a source fires its targets are not told, and are told once it has ended",
    about: "inhibition",
    async tell(story) {
      const source = { alertname: "ClusterDown", cluster: "x", severity: "critical" };
      const [target, other] = [{ cluster: "x" }, { cluster: "y" }];
      await story.fire(["source"], { labels: source });
      await story.fire(["a"], { labels: target });
      await story.fire(["b"], { labels: other });
      await (await story.at(2)).resolve(["source"], { labels: source });
      await (await story.at(4)).fire(["source"], { labels: source });
      await (await story.at(6)).resolve(["a"], { labels: target });
    },
    expected: [
      "team firing: source",
      "team resolved: source ended",
      "team firing: source",
      "team firing: b",
      "team firing: a, b",
    ],
  },
  {
    title: "a silence keeps its alerts quiet until it is deleted, or ends",
    about: "silence",
    async tell(story) {
      const ids = await story.silence("a");
      await story.fire(["a", "b"]);
      await (await story.at(2)).expire(ids);
      await story.at(4);
      await story.silence("b", 2_000);
      await story.resolve(["a"]);
    },
    expected: [
      "team firing: b",
      "team firing: a, b",
      "team resolved: a ended",
      "team firing: b",
    ],
  },
  {
    title: "a receiver that wants no ends is told of none, and anew when it fires again",
    about: "quiet",
    async tell(story) {
      await story.fire(["a", "b"]);
      await (await story.at(2)).resolve(["a"]);
      await (await story.at(4)).resolve(["b"]);
      await (await story.at(6)).fire(["b"]);
    },
    expected: ["quiet firing: a, b", "quiet firing: b"],
  },
  {
    title: "integrations of one receiver are told each as it wants",
    about: "both",
    async tell(story) {
      await story.fire(["a", "b"]);
      await (await story.at(2)).resolve(["a"]);
      await (await story.at(4)).resolve(["b"]);
    },
    expected: [
      "both-all firing: a, b",
      "both-all firing: a ended, b",
      "both-all resolved: b ended",
      "both-firing firing: a, b",
    ],
  },
  {
    title: "a route is quiet in its mute times, and outside of its active times",
    about: "muted",
    async tell(story) {
      for (const time of ["now-muted", "now-inactive", "now-active", "not-now-muted"]) {
        await story.fire(["a"], { labels: { time } });
      }
    },
    expected: ["team firing: a", "team firing: a"],
  },
  {
    title: "max_alerts leaves alerts out and says how many",
    about: "truncated",
    tell: (story) => story.fire(["a", "b", "c"]),
    expected: ["one firing: a"],
  },
  {
    title: "an alert that came back before its group was looked at has not ended for anyone",
    about: "flap",
    async tell(story) {
      await story.fire(["a"]);
      await (await story.at(1.6)).resolve(["a"]);
      await (await story.at(2.2)).fire(["a"]);
      await (await story.at(4)).fire(["b"]);
    },
    expected: ["team firing: a", "team firing: a, b"],
  },
  {
    title: "an alert that ends while its group waits is told of to nobody",
    about: "short",
    async tell(story) {
      await story.fire(["a"]);
      await (await story.at(0.4)).resolve(["a", "b"]);
    },
    expected: [],
  },
  {
    title: "an alert whose own end comes has ended",
    about: "expiry",
    async tell(story) {
      const ms = Date.now();
      const times = [ms, ms + 2_000].map((each) => new Date(each).toISOString());
      await story.fire(["a"], { startsAt: times[0]!, endsAt: times[1]! });
    },
    expected: ["team firing: a", "team resolved: a ended"],
  },
  {
    title: "source and target without a label that must be equal agree in it",
    about: "absent",
    async tell(story) {
      await story.fire(["source"], { labels: { alertname: "Off", severity: "critical" } });
      await story.fire(["a"]);
      await story.fire(["b"], { labels: { cluster: "x" } });
    },
    expected: ["team firing: b", "team firing: source"],
  },
  {
    title: "what a receiver refuses is told again when the group is looked at next",
    about: "refused",
    tell: (story) => story.answer("/refused", 400).fire(["a"]),
    expected: Array(2).fill("refused firing: a"),
  },
  {
    title: "what a receiver cannot take now is told again before that",
    about: "busy",
    tell: (story) => story.answer("/busy", 503).fire(["a"]),
    expected: ["busy firing: a", "busy firing: a"],
  },
  {
    title: "an alert that ended while it was silenced is told of when it fires again",
    about: "forgotten",
    async tell(story) {
      await story.fire(["a"]);
      await story.at(2);
      const ids = await story.silence("a");
      await story.resolve(["a"]);
      await (await story.at(4)).expire(ids);
      await story.fire(["a"]);
    },
    expected: ["team firing: a", "team firing: a"],
    // It still takes the alert for one that it told of: nobody hears of it before a repeat is due.
    theirs: ["team firing: a"],
  },
  {
    title: "nested routes name their groups by their matchers, labels without value are no labels",
    about: "nested",
    async tell(story) {
      const annotations = { summary: "späße ✓ <&>", empty: "" };
      await story.fire(["a"], { labels: { severity: 'pa"ge', nothing: "" }, annotations });
    },
    expected: ["first firing: a"],
  },
];

const interval = "group_wait: 1s, group_interval: 2s";

/** @param added routes and receivers that a reload brings. */
export function configuration(url: string, added = { routes: "", receivers: "" }): string {
  return `
global: { resolve_timeout: 1h }
route:
  { receiver: team, group_by: [alertname, case], ${interval}, repeat_interval: 1h, routes: [
    ${added.routes}
    { matchers: [case="multiple"], repeat_interval: 6s },
    { matchers: [case="repeat"], repeat_interval: 3s },
    { matchers: [case="continue"], receiver: first, continue: true },
    { matchers: [case="continue", severity=~"page|ticket"], receiver: second },
    { matchers: [case="each"], group_by: ["..."] },
    { matchers: [case="one", kind="none"], group_by: [none] },
    { matchers: [case="one", kind="empty"], group_by: [] },
    { matchers: [case="quiet"], receiver: quiet },
    { matchers: [case="both"], receiver: both },
    { matchers: [case="truncated"], receiver: one },
    { matchers: [case="refused"], receiver: refused },
    { matchers: [case="busy"], receiver: busy },
    { match: { case: nested }, routes: [
      { match_re: { severity: 'pa"ge|x' }, receiver: first, group_by: [severity, none] } ] },
    { matchers: [time="now-muted"], mute_time_intervals: [always] },
    { matchers: [time="now-inactive"], active_time_intervals: [never] },
    { matchers: [time="now-active"], active_time_intervals: [always, never] },
    { matchers: [time="not-now-muted"], mute_time_intervals: [never] } ] }
time_intervals:
  - { name: always, time_intervals: [{ weekdays: ["sunday:saturday"] }] }
  - { name: never, time_intervals: [{ years: ["2001"], months: ["march"] }] }
inhibit_rules:
  - { source_matchers: [severity="critical"], target_matchers: [severity!="critical"],
      equal: [cluster, case] }
receivers:
  ${added.receivers}
  - { name: team, webhook_configs: [{ url: "${url}/team" }] }
  - { name: first, webhook_configs: [{ url: "${url}/first" }] }
  - { name: refused, webhook_configs: [{ url: "${url}/refused" }] }
  - { name: busy, webhook_configs: [{ url: "${url}/busy" }] }
  - { name: second, webhook_configs: [{ url: "${url}/second" }] }
  - { name: quiet, webhook_configs: [{ url: "${url}/quiet", send_resolved: false }] }
  - { name: one, webhook_configs: [{ url: "${url}/one", max_alerts: 1 }] }
  - { name: both, webhook_configs: [
      { url: "${url}/both-all" }, { url: "${url}/both-firing", send_resolved: false }] }
`;
}
