/** The requests of each kind of work, and which answers are right. */
import { AlertBatches } from "./alert-batch.ts";
import type { Ask } from "./http-client.ts";
import type { Work } from "./phase.ts";

export type Planned = {
  ask: Ask;
  /** What it counts for: alerts, or 1. */
  items: number;
  fresh: number;
  right: readonly number[];
  /** Given the body of a right answer. */
  learn: ((body: string) => void) | null;
};

/** The n-th request of a phase, from 0; null: there are no more. */
export type RequestSource = (n: number, nowMs: number) => Planned | null;

const json = "application/json";
const recent = "/v1/incidents?status=open&limit=50";
const triggered = "/v1/incidents?status=triggered&limit=50";
/** Every so many reads of single incidents, the list is read anew. */
const readsPerList = 5;
const question =
  "select kind, count() as rows, sum(received) as alerts from tocsin.alert_events " +
  "where time > now() - interval 1 minute group by kind order by kind";

export function requestSource(work: Work): RequestSource {
  switch (work.kind) {
    case "alerts": {
      const batches = new AlertBatches(work.mix);
      return (n, nowMs) => alertPost(batches.request(n, nowMs));
    }
    case "fill": {
      const batches = new AlertBatches(work.mix);
      return (n, nowMs) => alertPost(batches.fill(n, nowMs));
    }
    case "incidents":
      return incidentReads();
    case "acknowledge":
      return acknowledgements();
    case "firing":
      return () => read("/api/v2/alerts?active=true", null);
    case "sql": {
      const body = JSON.stringify({ query: question, format: "JSON" });
      const ask = { method: "POST", path: "/v1/sql", contentType: json, body };
      return () => ({ ask, items: 1, fresh: 0, right: [200], learn: null });
    }
  }
}

function alertPost(batch: { body: string; alerts: number; fresh: number }): Planned | null {
  if (batch.alerts === 0) return null;
  const ask = { method: "POST", path: "/api/v2/alerts", contentType: json, body: batch.body };
  return { ask, items: batch.alerts, fresh: batch.fresh, right: [200], learn: null };
}

function read(path: string, learn: Planned["learn"]): Planned {
  const ask = { method: "GET", path, contentType: "", body: null };
  return { ask, items: 1, fresh: 0, right: [200], learn };
}

function incidentReads(): RequestSource {
  let ids: string[] = [];
  return (n) => {
    const id = ids[n % Math.max(1, ids.length)];
    if (n % readsPerList !== 0 && id !== undefined) return read(`/v1/incidents/${id}`, null);
    return read(recent, (body) => (ids = incidentIds(body)));
  };
}

/** Every other request looks for an incident that nobody has taken, and the next one takes it. */
function acknowledgements(): RequestSource {
  const ids: string[] = [];
  return (n) => {
    const id = n % 2 === 1 ? ids.pop() : undefined;
    if (id === undefined) {
      return read(triggered, (body) => void ids.splice(0, ids.length, ...incidentIds(body)));
    }
    const body = JSON.stringify({ status: "acknowledged", by: "loadtest" });
    const ask = { method: "PATCH", path: `/v1/incidents/${id}`, contentType: json, body };
    // 409: it was resolved or taken since it was listed, as happens to people too.
    return { ask, items: 1, fresh: 0, right: [200, 409], learn: null };
  };
}

function incidentIds(body: string): string[] {
  const { items } = JSON.parse(body) as { items: { id: string }[] };
  return items.map(({ id }) => id);
}
