/** What the running program says about what it has taken: SQL, incidents, the public stream. */
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import type { IncidentView } from "../../actors/incident/types.ts";

const requestTimeoutMs = 30_000;
const incidentPages = 100;

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
    const all = await consumer.fetch({ max_messages: messages, expires: requestTimeoutMs });
    for await (const message of all) ids.push((message.json() as { id: string }).id);
    return ids;
  } finally {
    await connection.close();
  }
}
