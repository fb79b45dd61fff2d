/** Requests of Alertmanager's API v2 whose answers both programs must agree on. */

export type Request = { method: string; path: string; body?: unknown };

const encoded = (text: string): string => encodeURIComponent(text);
const filter = (...texts: string[]): string =>
  texts.map((text) => `filter=${encoded(text)}`).join("&");

/** State as it is after `prepare` of api-differential.test.ts. */
export const reads: string[] = [
  "/api/v2/alerts",
  `/api/v2/alerts?${filter('alertname="Down"')}`,
  `/api/v2/alerts?${filter("instance=~a|b", 'severity!="none"')}`,
  `/api/v2/alerts?${filter("nothing=")}`,
  `/api/v2/alerts?${filter("instance=a", "instance=b")}`,
  "/api/v2/alerts?receiver=team",
  "/api/v2/alerts?receiver=tea",
  "/api/v2/alerts?receiver=te.*|other",
  "/api/v2/alerts?active=false",
  "/api/v2/alerts?silenced=false",
  "/api/v2/alerts?inhibited=false",
  "/api/v2/alerts?active=false&inhibited=false",
  "/api/v2/alerts?silenced=false&inhibited=false&unprocessed=false",
  "/api/v2/alerts?silenced=0&active=yes",
  "/api/v2/alerts?active=perhaps",
  "/api/v2/alerts/groups",
  "/api/v2/alerts/groups?receiver=other",
  "/api/v2/alerts/groups?silenced=false&inhibited=false",
  `/api/v2/alerts/groups?${filter("severity=critical")}`,
  `/api/v2/alerts/groups?${filter("severity=nobody")}`,
  "/api/v2/silences",
  `/api/v2/silences?${filter("instance=b")}`,
  `/api/v2/silences?${filter("instance=~b")}`,
  `/api/v2/silences?${filter('instance!="b"')}`,
  `/api/v2/silences?${filter('team!="x"', 'alertname=~"D.*|Slow"')}`,
  `/api/v2/silences?${filter("other=x")}`,
  "/api/v2/receivers",
];

export const badReads: string[] = [
  `/api/v2/alerts?${filter("no matcher")}`,
  `/api/v2/alerts?${filter('a=~"("')}`,
  `/api/v2/alerts?${filter("=b")}`,
  "/api/v2/alerts?receiver=(",
  `/api/v2/alerts/groups?${filter("no matcher")}`,
  "/api/v2/alerts/groups?receiver=(",
  `/api/v2/silences?${filter("no matcher")}`,
  "/api/v2/silence/not-a-uuid",
  "/api/v2/silence/7d1c7b1c-5f0b-4f0e-9d3e-2f5c3f4b5a6d",
  "/api/v2/nothing",
];

const later = (seconds: number): string => new Date(Date.now() + seconds * 1_000).toISOString();
const silence = (more: object = {}): object => ({
  matchers: [{ name: "a", value: "b", isRegex: false, isEqual: true }],
  startsAt: later(0),
  endsAt: later(60),
  createdBy: "ann",
  comment: "work",
  ...more,
});

/** Answers that differ on purpose: docs/alertmanager.md. */
export const differing: { request: Request; ours: number; theirs: number }[] = [
  {
    request: { method: "DELETE", path: "/api/v2/silence/7d1c7b1c-5f0b-4f0e-9d3e-2f5c3f4b5a6d" },
    ours: 404,
    theirs: 500,
  },
  { request: { method: "POST", path: "/api/v2/alerts", body: [{}] }, ours: 400, theirs: 422 },
];

const silences = { method: "POST", path: "/api/v2/silences" };
const alerts = { method: "POST", path: "/api/v2/alerts" };

export const badWrites: Request[] = [
  { ...silences, body: "{" },
  { ...silences, body: "[]" },
  { ...silences, body: {} },
  { ...silences, body: silence({ matchers: undefined }) },
  { ...silences, body: silence({ matchers: [] }) },
  { ...silences, body: silence({ matchers: [{ name: "a" }] }) },
  { ...silences, body: silence({ comment: undefined }) },
  { ...silences, body: silence({ createdBy: undefined }) },
  { ...silences, body: silence({ endsAt: undefined }) },
  { ...silences, body: silence({ startsAt: "yesterday" }) },
  { ...silences, body: silence({ startsAt: later(90) }) },
  { ...silences, body: silence({ startsAt: later(-90), endsAt: later(-60) }) },
  { ...silences, body: silence({ id: "7d1c7b1c-5f0b-4f0e-9d3e-2f5c3f4b5a6d" }) },
  {
    ...silences,
    body: silence({ matchers: [{ name: "a", value: "(", isRegex: true }] }),
  },
  {
    ...silences,
    body: silence({ matchers: [{ name: "a", value: ".*", isRegex: true }] }),
  },
  {
    ...silences,
    body: silence({ matchers: [{ name: "", value: "b", isRegex: false }] }),
  },
  { method: "DELETE", path: "/api/v2/silence/not-a-uuid" },
  { ...alerts, body: "{" },
  { ...alerts, body: {} },
  { ...alerts, body: [{ labels: {} }] },
  { ...alerts, body: [{ labels: { a: "" } }] },
  { ...alerts, body: [{ labels: { a: 1 } }] },
  { ...alerts, body: [{ labels: { a: "b" }, startsAt: "now" }] },
  { ...alerts, body: [{ labels: { a: "b" }, startsAt: later(9), endsAt: later(5) }] },
  { ...alerts, body: [] },
  { method: "PUT", path: "/api/v2/alerts", body: [] },
];
