/** What people and programs ask for while alerts come in, inside k6. */
import execution from "k6/execution";
import http from "k6/http";
import { requestTimeout } from "./options.ts";
import type { Phase } from "./phases.ts";
import { judge, markLateness, meter } from "./send.ts";

const recent = "/v1/incidents?status=open&limit=50";
const triggered = "/v1/incidents?status=triggered&limit=50";
/** Every so many reads of single incidents, the list is read anew. */
const readsPerList = 5;
const question =
  "select kind, count() as rows, sum(received) as alerts from tocsin.alert_events " +
  "where time > now() - interval 1 minute group by kind order by kind";
const sqlBody = JSON.stringify({ query: question, format: "JSON" });
const taken = JSON.stringify({ status: "acknowledged", by: "loadtest" });

const readsMeter = meter("reads");

export class Reader {
  readonly #url: string;
  readonly #phases: Phase[];
  /** Of this virtual user: what its last list told of, and an incident that it will take. */
  #recent: string[] = [];
  #untaken: string | undefined;
  #reads = 0;

  constructor(url: string, phases: Phase[]) {
    this.#url = url;
    this.#phases = phases;
  }

  incidents(): void {
    const id = this.#recent[this.#reads % Math.max(1, this.#recent.length)];
    if (this.#reads++ % readsPerList !== 0 && id !== undefined) {
      this.#ask("GET", `/v1/incidents/${id}`);
    } else {
      this.#recent = incidentIds(this.#ask("GET", recent, { keep: true }));
    }
  }

  /** Every other time it looks for an incident that nobody has taken, and then takes it. */
  acknowledge(): void {
    const id = this.#untaken;
    if (id !== undefined) {
      this.#untaken = undefined;
      // 409: it was resolved or taken since it was listed, as happens to people too.
      this.#ask("PATCH", `/v1/incidents/${id}`, { body: taken, right: [200, 409] });
      return;
    }
    const ids = incidentIds(this.#ask("GET", triggered, { keep: true }));
    // Virtual users see the same list: each takes another one of it.
    this.#untaken = ids[execution.scenario.iterationInTest % Math.max(1, ids.length)];
  }

  firing(): void {
    this.#ask("GET", "/api/v2/alerts?active=true");
  }

  sql(): void {
    this.#ask("POST", "/v1/sql", { body: sqlBody });
  }

  /** The body of a right answer, if kept; empty otherwise. */
  #ask(
    method: string,
    path: string,
    how: { body?: string; keep?: boolean; right?: number[] } = {},
  ): string {
    const { name, startTime, iterationInTest } = execution.scenario;
    const phase = this.#phases.find((each) => each.name === name)!;
    markLateness(readsMeter, phase, iterationInTest, startTime, Date.now());
    const { body = null, keep = false, right = [200] } = how;
    const answer = http.request(method, this.#url + path, body, {
      ...{ timeout: requestTimeout, responseType: keep ? "text" : "none" },
      headers: body === null ? {} : { "Content-Type": "application/json" },
    });
    return judge(answer, right, 1, readsMeter) ? (answer.body ?? "") : "";
  }
}

function incidentIds(body: string): string[] {
  if (body === "") return [];
  const { items } = JSON.parse(body) as { items: { id: string }[] };
  return items.map(({ id }) => id);
}
