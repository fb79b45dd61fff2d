/** What the running program says about what it has taken: SQL, incidents, the public stream. */
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import type { IncidentView } from "../../actors/incident/types.ts";

const requestTimeoutMs = 30_000;
const incidentPages = 100;

/** Messages of one fetch: few enough to arrive within its time on a slow machine. */
const fetchMessagesMax = 5_000;
/** About: the program answers with 200,000 rows or 16 MiB at most. */
const answerRowsMax = 50_000;

/**
 * One row per alert of the event log, under the name that its sender gave it: the label `seq` or
 * `flood`. Only the rows that open or change an alert carry labels, so the fingerprint ties the
 * others to them; both names empty: nobody knows it.
 */
export const perAlert = `
  select fingerprint, anyIf(labels['seq'], labels['seq'] != '') as seq,
         anyIf(labels['flood'], labels['flood'] != '') as flood,
         sum(received) as received, countIf(kind = 'opened') as openings
    from tocsin.alert_events group by fingerprint`;

type Page = { items: IncidentView[]; next_cursor: string | null };

/** @throws with the program's answer when it refuses the statement. */
export async function rows<Row>(url: string, query: string): Promise<Row[]> {
  const response = await fetch(`${url}/v1/sql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, format: "JSONEachRow" }),
    signal: AbortSignal.timeout(requestTimeoutMs),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} for ${query}: ${text}`);
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Row);
}

/**
 * As `rows`, in several answers: the program limits each.
 * @param key a column with many different values.
 */
export async function manyRows<Row>(url: string, query: string, key: string): Promise<Row[]> {
  const [total] = await rows<{ rows: number }>(
    url,
    `select toUInt32(count()) as rows from (${query})`,
  );
  const parts = Math.ceil((total?.rows ?? 0) / answerRowsMax);
  const all: Row[] = [];
  for (let part = 0; part < parts; part++) {
    const share = `cityHash64(${key}) % ${parts} = ${part}`;
    for (const row of await rows<Row>(url, `select * from (${query}) where ${share}`)) {
      all.push(row);
    }
  }
  return all;
}

export async function incidents(url: string): Promise<Map<string, IncidentView>> {
  const found = new Map<string, IncidentView>();
  let cursor: string | null = null;
  for (let page = 0; page < incidentPages; page++) {
    const query: string = cursor === null ? "" : `?cursor=${encodeURIComponent(cursor)}`;
    const response = await fetch(`${url}/v1/incidents${query}`, {
      signal: AbortSignal.timeout(requestTimeoutMs),
    });
    if (!response.ok) {
      throw new Error(`GET /v1/incidents${query}: ${response.status} ${await response.text()}`);
    }
    const answer = (await response.json()) as Page;
    for (const incident of answer.items) found.set(incident.id, incident);
    cursor = answer.next_cursor;
    if (cursor === null) return found;
  }
  throw new Error(`more than ${incidentPages} pages of incidents`);
}

/** The ids of all CloudEvents in the stream INCIDENTS, repeats included, in stream order. */
export async function publishedIds(natsUrl: string): Promise<string[]> {
  const connection = await connect({ servers: natsUrl });
  try {
    const jsm = await jetstreamManager(connection);
    const { messages } = (await jsm.streams.info("INCIDENTS")).state;
    const ids: string[] = [];
    if (messages === 0) return ids;
    const consumer = await jetstream(connection).consumers.get("INCIDENTS");
    while (ids.length < messages) {
      const had = ids.length;
      const max_messages = Math.min(messages - had, fetchMessagesMax);
      const some = await consumer.fetch({ max_messages, expires: requestTimeoutMs });
      for await (const message of some) ids.push((message.json() as { id: string }).id);
      if (ids.length === had) throw new Error(`read ${had} of ${messages} CloudEvents`);
    }
    return ids;
  } finally {
    await connection.close();
  }
}
