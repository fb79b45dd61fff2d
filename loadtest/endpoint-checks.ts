/** One request to every family of endpoints, each answer held against the documentation. */
import type { Check } from "./result/verdict.ts";
import { urlOf } from "./target.ts";
import type { Target } from "./target.ts";

type Probe = {
  name: string;
  method: string;
  path: string;
  type?: string;
  body?: string | Uint8Array<ArrayBuffer>;
  status: number;
  /** A sign in the body that it is the right answer. */
  says?: string;
};

const withinMs = 15_000;
const incidentWithinMs = 20_000;
const pollMs = 200;
const json = "application/json";

const labels = { alertname: "LoadtestSmoke", service: "smoke", severity: "critical" };
const alert = JSON.stringify([{ labels, annotations: { summary: "one of each" } }]);
const event = JSON.stringify({
  ...{ specversion: "1.0", id: "1", source: "/loadtest", type: "LoadtestSmoke" },
  data: { service: "smoke", severity: "high", summary: "as an event" },
});
/** {"labels": {"alertname": "Packed"}} */
const packed = Uint8Array.from(Buffer.from("\x81\xa6labels\x81\xa9alertname\xa6Packed", "latin1"));

const waysIn: Probe[] = [
  { name: "Alertmanager", method: "POST", path: "/api/v2/alerts", body: alert, status: 200 },
  { name: "native JSON", method: "POST", path: "/v1/alerts", body: alert, status: 200, says: "1" },
  {
    ...{ name: "native NDJSON", method: "POST", path: "/v1/alerts", status: 200 },
    ...{ type: "application/x-ndjson", body: `${JSON.stringify({ labels })}\n`, says: "accepted" },
  },
  {
    ...{ name: "native msgpack", method: "POST", path: "/v1/alerts", status: 200 },
    ...{ type: "application/msgpack", body: packed, says: "accepted" },
  },
  {
    ...{ name: "CloudEvents", method: "POST", path: "/v1/events", status: 200, body: event },
    ...{ type: "application/cloudevents+json", says: "accepted" },
  },
  { name: "a refusal", method: "POST", path: "/v1/alerts", body: "[7]", status: 400 },
];
const aboutItself: Probe[] = [
  { name: "liveness", method: "GET", path: "/health/live", status: 200 },
  { name: "readiness", method: "GET", path: "/health/ready", status: 200 },
  { name: "Alertmanager's probes", method: "GET", path: "/-/ready", status: 200 },
  { name: "status", method: "GET", path: "/v1/status", status: 200, says: '"version"' },
  { name: "metrics", method: "GET", path: "/metrics", status: 200, says: "# TYPE" },
  { name: "an unknown path", method: "GET", path: "/no/such/path", status: 404 },
  {
    ...{ name: "SQL", method: "POST", path: "/v1/sql", status: 200, says: "1" },
    body: JSON.stringify({ query: "select 1", format: "TabSeparated" }),
  },
];

export async function endpointChecks(target: Target): Promise<Check[]> {
  const checks: Check[] = [];
  for (const probe of [...waysIn, ...aboutItself]) checks.push(await check(target, probe));
  checks.push(...(await incidentChecks(target)));
  return checks;
}

async function incidentChecks(target: Target): Promise<Check[]> {
  const path = "/v1/incidents?service=smoke&limit=1";
  const deadlineMs = Date.now() + incidentWithinMs;
  let id: string | undefined;
  while (id === undefined && Date.now() < deadlineMs) {
    const { status, body } = await ask(target, { name: "", method: "GET", path, status: 200 });
    if (status === 200) id = (JSON.parse(body) as { items: { id: string }[] }).items[0]?.id;
    if (id === undefined) await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  const wanted = "an incident of the alerts sent";
  const found: Check = { name: "incidents", wanted, got: id ?? "none", holds: id !== undefined };
  if (id === undefined) return [found];
  const one = `/v1/incidents/${id}`;
  const text = JSON.stringify({ text: "seen by the load test", by: "loadtest" });
  const taken = JSON.stringify({ status: "acknowledged", by: "loadtest" });
  const says = '"acknowledged"';
  const made = JSON.stringify({ title: "Opened by the load test", service: "smoke" });
  const probes: Probe[] = [
    { name: "one incident", method: "GET", path: one, status: 200, says: id },
    { name: "note", method: "POST", path: `${one}/notes`, body: text, status: 200 },
    { name: "acknowledge", method: "PATCH", path: one, body: taken, status: 200, says },
    { name: "timeline", method: "GET", path: `${one}/timeline`, status: 200, says: "loadtest" },
    { name: "incident by hand", method: "POST", path: "/v1/incidents", body: made, status: 201 },
  ];
  const checks = [found];
  for (const probe of probes) checks.push(await check(target, probe));
  return checks;
}

async function check(target: Target, probe: Probe): Promise<Check> {
  const { status, body } = await ask(target, probe);
  const { says = "" } = probe;
  const holds = status === probe.status && body.includes(says);
  const got = status === probe.status && !holds ? `${status} without ${says}` : String(status);
  const name = `${probe.name}: ${probe.method} ${probe.path.replace(/\?.*/, "")}`;
  return { name, wanted: String(probe.status), got: status === 0 ? body : got, holds };
}

/** Status 0: no answer, and why. */
async function ask(target: Target, probe: Probe): Promise<{ status: number; body: string }> {
  const { method, path, type = json, body } = probe;
  const signal = AbortSignal.timeout(withinMs);
  const sent = body === undefined ? {} : { body, headers: { "content-type": type } };
  try {
    const answer = await fetch(`${urlOf(target)}${path}`, { method, signal, ...sent });
    return { status: answer.status, body: await answer.text() };
  } catch (error) {
    return { status: 0, body: (error as Error).message };
  }
}
