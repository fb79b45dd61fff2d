/** `tocsin silences` against the real routes of the API, with silences and alerts in memory. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { compileRoutes, lookupOf } from "../../actors/dispatch/routes.ts";
import { Silences, silenceState } from "../../actors/dispatch/silences.ts";
import { compileMatchers } from "../../actors/incident/matchers.ts";
import { registerAlertmanagerApi } from "../../ingress/alertmanager-api/routes.ts";
import { HttpServer } from "../../ingress/http-server.ts";
import type { ListedAlert } from "../../runtime/alert-list.ts";
import { holds } from "../../runtime/label-filter.ts";
import { boundBacktracking } from "../../runtime/linear-regexps.ts";
import type { DispatchService } from "../../runtime/services.ts";
import { load, smallest } from "../../testing/alertmanager-file.ts";
import { capturedIo } from "../../testing/captured-io.ts";
import { silentLog } from "../../testing/ingress-door.ts";
import { runTocsin } from "../run-command.ts";

const hourMs = 3_600_000;
boundBacktracking();
const { dispatch } = load(smallest);
const routes = { config: dispatch, root: compileRoutes(dispatch.route), receiverLabels: {} };
let server: HttpServer;
let silences: Silences;
let alerts: ListedAlert[];
let env: NodeJS.ProcessEnv;

beforeEach(async () => {
  silences = new Silences();
  alerts = ["web-1", "web-2", "db-1"].map((instance, at) => ({
    ...{ fingerprint: `000000000000000${at}`, domain: "", received: 1 },
    labels: { alertname: "Down", instance, service: instance.slice(0, -2) },
    ...{ annotations: {}, generatorURL: "", dedupKey: null },
    ...{ startsAtMs: 0, endsAtMs: Date.now() + hourMs, updatedAtMs: 0 },
  }));
  let serial = 0;
  server = new HttpServer({ log: silentLog });
  registerAlertmanagerApi(server.route, {
    ...{ dispatch: memoryDispatch(), nowMs: Date.now, receivers: () => [] },
    routes: () => routes,
    alerts: {
      list: async (filters) => {
        const fits = (each: ListedAlert): boolean =>
          filters.every((filter) => holds(filter, each.labels));
        return { items: alerts.filter(fits), cursor: null };
      },
    },
    newId: () => idOf(++serial),
    ...{ originalConfig: () => "", startedAtMs: 0, version: "0" },
  });
  const { port } = await server.listen("127.0.0.1", 0);
  env = { TOCSIN_URL: `http://127.0.0.1:${port}`, USER: "ada" };
});
afterEach(() => server.drain(100));

function memoryDispatch(): DispatchService {
  return {
    alerts: async () => new Map(),
    routedForMs: async () => null,
    takeOver: async () => {},
    silences: async () => silences.all(),
    silence: async (id) => silences.get(id),
    keepSilence: async (silence) => silences.merge(silence, Date.now()),
    async wouldMute(matchers) {
      const mutes = compileMatchers(matchers);
      const muted = alerts.filter(({ labels }) => mutes(lookupOf(labels))).length;
      return { muted, of: alerts.length };
    },
  };
}

const idOf = (n: number): string => `00000000-0000-4000-8000-00000000000${n}`;

async function tocsin(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = capturedIo(env);
  const code = await runTocsin(["silences", ...args], io);
  return { code, out: io.stdout(), err: io.stderr() };
}

test("add shows what it mutes, makes it, and list and expire know it", async () => {
  const added = await tocsin("add", "service=web", 'instance=~"web-.*"', "--comment", "new driver");
  expect([added.code, added.out]).toEqual([0, `${idOf(1)}\n`]);
  expect(added.err).toBe(`It mutes 2 of the 3 alerts that fire:
  {alertname="Down", instance="web-1", service="web"}
  {alertname="Down", instance="web-2", service="web"}
The silence is made; it ends in 1h, or with: tocsin silences expire ${idOf(1)}
`);
  expect(silences.get(idOf(1))).toMatchObject({
    ...{ createdBy: "ada", comment: "new driver", recurrence: null },
    matchers: [
      { label: "service", op: "=", value: "web" },
      { label: "instance", op: "=~", value: "web-.*" },
    ],
  });
  const { out } = await tocsin();
  expect(out.split("\n").map((line) => line.replace(/\d+m/, "59m").split(/ {2,}/))).toEqual([
    ["ID", "STATE", "TIME", "MATCHERS", "BY", "COMMENT"],
    [idOf(1), "active", "ends in 59m", 'service="web", instance=~"web-.*"', "ada", "new driver"],
    [""],
  ]);
  const ended = await tocsin("expire", idOf(1), idOf(9));
  expect([ended.code, ended.out]).toEqual([1, `${idOf(1)} has ended\n`]);
  expect(ended.err).toBe(
    `tocsin silences: there is no silence ${idOf(9)}; see: tocsin silences list\n`,
  );
  expect(silenceState(silences.get(idOf(1))!, Date.now())).toBe("expired");
  expect((await tocsin()).out).toBe("No silences.\n");
  expect((await tocsin("--state", "all")).out).toMatch(/1 {2}expired {2}ended 0s ago/);
});

test("preview only shows", async () => {
  const { code, out } = await tocsin("preview", "alertname=Down", "instance!=db-1");
  expect([code, out.split("\n")[0]]).toEqual([0, "It mutes 2 of the 3 alerts that fire:"]);
  expect((await tocsin("preview", "service=none")).out).toBe(
    "It mutes 0 of the 3 alerts that fire.\n",
  );
  const json = JSON.parse((await tocsin("preview", "service=db", "--json")).out) as unknown;
  expect(json).toEqual({
    ...{ muted: 1, of: 3, everything: false },
    alerts: [{ alertname: "Down", instance: "db-1", service: "db" }],
  });
  expect(silences.size).toBe(0);
});

test("more alerts than are shown are counted", async () => {
  alerts = Array.from({ length: 9 }, (_, at) => ({ ...alerts[0]!, fingerprint: `${at}` }));
  const { out } = await tocsin("preview", "service=web");
  expect(out.split("\n")).toHaveLength(8);
  expect(out).toMatch(/^ {2}and 4 more$/m);
});

test("what would mute everything is refused in the server's words, unless forced", async () => {
  const everything = ["add", "alertname=~.+", "--comment", "quiet"];
  const refused = await tocsin(...everything);
  expect([refused.code, refused.out]).toEqual([1, ""]);
  expect(refused.err).toMatch(/It would mute everything that comes, too\./);
  expect(refused.err).toMatch(/silence would mute everything: .*force=true \(here: --force\)\n$/);
  expect(silences.size).toBe(0);
  expect((await tocsin(...everything, "--force")).out).toBe(`${idOf(1)}\n`);
});

test("the server's other refusals are passed on as well", async () => {
  const past = ["--until", "2020-01-01T00:00:00Z", "--start", "2019-01-01T00:00:00Z"];
  const { code, err } = await tocsin("add", "a=b", "--comment", "x", ...past);
  expect([code, err]).toEqual([1, "tocsin silences: end time can't be in the past\n"]);
  const empty = await tocsin("preview", "a=~.*");
  expect(empty.err).toContain("at least one matcher must not match the empty string");
});

test("times, owners and recurrences", async () => {
  const startsAtMs = Date.now() + 2 * hourMs;
  const start = new Date(startsAtMs).toISOString();
  const when = ["--start", start, "--for", "30d", "--recur", "mon-wed 22:00-06:00 Europe/Berlin"];
  await tocsin("add", "a=b", "--comment", "nights", "--by", "bob", ...when);
  await tocsin("add", "c=d", "--comment", "now", "--until", start);
  expect(silences.get(idOf(1))).toMatchObject({
    ...{ startsAtMs, endsAtMs: startsAtMs + 30 * 24 * hourMs, createdBy: "bob" },
    recurrence: { weekdays: [1, 2, 3], fromMinute: 1_320, toMinute: 360 },
  });
  expect(silences.get(idOf(2))).toMatchObject({ endsAtMs: startsAtMs, createdBy: "ada" });
  const { out } = await tocsin("list", "--by", "bob");
  expect(out).toMatch(/1 {2}pending {2}in 1h, for 30d, mon,tue,wed 22:00-06:00 Europe\/Berlin/);
  expect(out).not.toContain(idOf(2));
  const ids = async (...args: string[]): Promise<string[]> =>
    (JSON.parse((await tocsin(...args, "--json")).out) as { id: string }[]).map(({ id }) => id);
  expect(await ids("list", "a=b")).toEqual([idOf(1)]);
  expect(await ids("--state", "active")).toEqual([idOf(2)]);
  expect(await ids()).toEqual([idOf(2), idOf(1)]);
  const made = await tocsin("add", "service=db", "--comment", "x", "--json");
  expect(JSON.parse(made.out)).toMatchObject({ silenceID: idOf(3), muted: 1, of: 3 });
  expect(made.err).toBe("");
});

test("wrong usage names what is wrong, before anything is asked", async () => {
  env["TOCSIN_URL"] = "http://127.0.0.1:1";
  const cases: [args: string[], said: string][] = [
    [["ad"], 'got "ad", expected list, add, preview or expire'],
    [["add", "--comment", "x"], "which alerts? Give matchers such as service=web"],
    [["add", "a=b"], "--comment is missing: why is it made?"],
    [["add", "Down", "--comment", "x"], "did you mean alertname=Down?"],
    [["add", "a=~(", "--comment", "x"], "not a valid regular expression"],
    [["add", "a=b", "--comment", "x", "--for", "soon"], '--for: got "soon", expected a duration'],
    [["add", "a=b", "--comment", "x", "--until", "6pm"], '--until: got "6pm", expected a time'],
    [
      ["add", "a=b", "--comment", "x", "--for", "1h", "--until", "2030-01-01T00:00:00Z"],
      "--for and --until: give one of them",
    ],
    [["add", "a=b", "--comment", "x", "--recur", "9-5"], '--recur: hours: got "9-5"'],
    [["add", "a=b", "--comment", "x", "--recur", "09:00-10:00"], "--recur needs an end"],
    [["list", "--state", "gone"], '--state: got "gone", expected some of active,pending,expired'],
    [["expire"], "which silence? Give its ID"],
  ];
  for (const [args, said] of cases) {
    const { code, err } = await tocsin(...args);
    expect([args, code, err]).toEqual([args, 2, expect.stringContaining(said)]);
  }
});

test("nothing is tried on an Alertmanager, which would make the silence instead", async () => {
  const other = new HttpServer({ log: silentLog });
  const asked: string[] = [];
  other.route("GET", "/api/v2/status", async () => ({
    status: 200,
    body: JSON.stringify({ versionInfo: { branch: "HEAD", version: "0.34.0" } }),
  }));
  other.route("POST", "/api/v2/silences", async () => {
    asked.push("made");
    return { status: 200, body: '{"silenceID":"x"}' };
  });
  const { port } = await other.listen("127.0.0.1", 0);
  env["TOCSIN_URL"] = `http://127.0.0.1:${port}`;
  const { code, err } = await tocsin("preview", "a=b");
  expect([code, err]).toEqual([1, expect.stringContaining("is not a Tocsin")]);
  expect(asked).toEqual([]);
  await other.drain(100);
});
