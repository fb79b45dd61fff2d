/** The incident API over the real HTTP server and the real incident stage. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { IncidentView } from "../actors/incident/types.ts";
import { startIncidentWorld } from "../testing/incident-world.ts";
import type { IncidentWorld } from "../testing/incident-world.ts";

let world: IncidentWorld;
beforeAll(async () => {
  world = await startIncidentWorld();
});
afterAll(() => world.close());

type Reply<T> = { status: number; headers: Headers; body: T };
type Problem = {
  title: string;
  detail: string;
  errors: Record<string, string>[];
  incident?: IncidentView;
};

async function ask<T = IncidentView>(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Reply<T>> {
  const given = typeof body === "string" || body instanceof Uint8Array;
  const response = await fetch(world.url + path, {
    method,
    headers: { "content-type": "application/json", ...headers },
    body: body === undefined ? null : given ? (body as string) : JSON.stringify(body),
  });
  const { status } = response;
  return { status, headers: response.headers, body: (await response.json()) as T };
}

async function create(title: string, more: object = {}): Promise<IncidentView> {
  return (await ask("POST", "/v1/incidents", { title, ...more })).body;
}

const patch = <T = IncidentView>(id: string, body: object, headers = {}): Promise<Reply<T>> =>
  ask<T>("PATCH", `/v1/incidents/${id}`, body, headers);

describe("creating", () => {
  test("a created incident has a location, and everything that was said about it", async () => {
    const made = await ask("POST", "/v1/incidents", {
      title: "Checkout is slow",
      description: "since the deploy",
      severity: "high",
      service: "checkout",
      labels: { region: "eu", empty: "" },
      by: "ada",
    });
    expect(made.status).toBe(201);
    expect(made.headers.get("location")).toBe(`/v1/incidents/${made.body.id}`);
    expect(made.body).toMatchObject({
      status: "triggered",
      title: "Checkout is slow",
      description: "since the deploy",
      severity: "high",
      service: "checkout",
    });
    expect(made.body.labels["region"]).toBe("eu");
    expect(made.body.labels).not.toHaveProperty("empty");
    const read = await ask("GET", made.headers.get("location") ?? "");
    const correlation_fingerprint = "checkout|latency|default";
    expect(read.body).toEqual({ ...made.body, correlation_fingerprint });
  });

  test("a dedup key that lives already gives its incident", async () => {
    const first = await create("one", { dedup_key: "k-1" });
    await patch(first.id, { status: "acknowledged" });
    const second = await ask("POST", "/v1/incidents", { title: "two", dedup_key: "k-1" });
    expect(second.status).toBe(200);
    expect(second.body.id).toBe(first.id);
    expect(second.body.title).toBe("one");
  });

  test("a label named like a part of every object is refused", async () => {
    const body = '{"title":"x","labels":{"__proto__":"y"}}';
    const reply = await ask<Problem>("POST", "/v1/incidents", body);
    expect(reply.status).toBe(400);
    expect(reply.body.errors[0]?.["field"]).toBe("labels.__proto__");
  });

  test("every fault is named with field, value and expectation", async () => {
    const reply = await ask<Problem>("POST", "/v1/incidents", {
      titel: "typo",
      severity: "hihg",
      labels: { a: 1 },
      service: " ",
    });
    expect(reply.status).toBe(400);
    expect(reply.headers.get("content-type")).toBe("application/problem+json");
    const byField = Object.fromEntries(reply.body.errors.map((e) => [e["field"], e]));
    expect(byField["title"]?.["expected"]).toContain("text of 1 to");
    expect(byField["titel"]?.["expected"]).toBe('did you mean "title"?');
    expect(byField["severity"]).toEqual({
      field: "severity",
      value: '"hihg"',
      expected: 'one of critical, high, medium, low, info; did you mean "high"?',
    });
    expect(byField["labels.a"]?.["value"]).toBe("1");
    expect(byField["service"]?.["value"]).toBe('" "');
    expect(reply.body.errors).toHaveLength(5);
  });

  test("the longest texts are taken, one character more is refused", async () => {
    const made = await create("t".repeat(300), { description: "d".repeat(4_000) });
    expect(made.title).toHaveLength(300);
    expect(made.description).toHaveLength(4_000);
    for (const body of [
      { title: "t".repeat(301) },
      { title: "t", description: "d".repeat(4_001) },
      { title: "t", by: "b".repeat(201) },
      { title: "t", dedup_key: "k".repeat(513) },
      { title: "t", labels: { a: "v".repeat(2_049) } },
      { title: "t", labels: { ["n".repeat(257)]: "v" } },
      { title: "t", labels: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [i, "v"])) },
    ]) {
      expect((await ask("POST", "/v1/incidents", body)).status).toBe(400);
    }
  });

  test("bodies that are no JSON object, too large or of another type are refused", async () => {
    const cases: [unknown, string, number][] = [
      ["{", "application/json", 400],
      ["", "application/json", 400],
      ["[]", "application/json", 400],
      ["null", "application/json", 400],
      [Buffer.from([0x7b, 0xff, 0x7d]), "application/json", 400],
      ["title=x", "application/x-www-form-urlencoded", 415],
      [JSON.stringify({ title: "x".repeat(64 * 1024) }), "application/json", 413],
    ];
    for (const [body, type, status] of cases) {
      const reply = await ask<Problem>("POST", "/v1/incidents", body, { "content-type": type });
      const what = String(body).slice(0, 20);
      expect([what, reply.status]).toEqual([what, status]);
      expect(reply.body.detail).not.toBe("");
    }
  });
});

describe("changing", () => {
  test("a life from triggered to closed and back", async () => {
    const { id } = await create("a life");
    const steps: [object, Partial<IncidentView>][] = [
      [
        { status: "acknowledged", by: "ada" },
        { status: "acknowledged", acknowledged_by: "ada" },
      ],
      [{ status: "investigating" }, { status: "investigating" }],
      [
        { status: "identified", cause: "bad deploy" },
        { status: "identified", cause: "bad deploy" },
      ],
      [
        { status: "resolved", note: "rolled back", by: "bob" },
        { status: "resolved", resolved_by: "bob" },
      ],
      [{ status: "closed" }, { status: "closed" }],
      [{ status: "triggered", reason: "it is back" }, { status: "triggered" }],
    ];
    for (const [body, after] of steps) {
      const reply = await patch(id, body);
      expect(reply.status).toBe(200);
      expect(reply.body).toMatchObject(after);
    }
    const timeline = await ask<{ items: { event: string; by: string; because: string }[] }>(
      "GET",
      `/v1/incidents/${id}/timeline`,
    );
    const kinds = timeline.body.items.map((entry) => entry.event);
    expect(kinds).toEqual([
      "opened",
      "acknowledged",
      "investigating",
      "identified",
      "resolved",
      "closed",
      "reopened",
    ]);
    expect(timeline.body.items[0]?.by).toBe("api");
    expect(timeline.body.items[4]?.because).toContain("rolled back");
    expect(timeline.body.items[6]?.because).toContain("it is back");
  });

  test("an impossible transition is a 409 with the reason and the incident", async () => {
    const { id } = await create("not closable");
    const reply = await patch<Problem>(id, { status: "closed", note: "never written" });
    expect(reply.status).toBe(409);
    expect(reply.body.detail).toContain("triggered");
    expect(reply.body.incident).toMatchObject({ id, status: "triggered" });
    expect(world.incidents.events.filter((e) => e.kind === "noteAdded")).toEqual([]);
  });

  test("a note goes with a status, alone, or through /notes", async () => {
    const { id } = await create("noted");
    expect((await patch(id, { status: "acknowledged", note: "first" })).status).toBe(200);
    expect((await patch(id, { note: "second" })).status).toBe(200);
    const third = await ask("POST", `/v1/incidents/${id}/notes`, { text: "third", by: "ada" });
    expect(third.status).toBe(200);
    const notes = world.incidents.events.filter(
      (e) => e.kind === "noteAdded" && e.incident.id === id,
    );
    expect(notes.map((e) => [e.by, e.detail["text"]])).toEqual([
      ["api", "first"],
      ["api", "second"],
      ["ada", "third"],
    ]);
  });

  test("merging moves one incident into another", async () => {
    const source = await create("source");
    const target = await create("target");
    const reply = await patch(source.id, { merge_into: target.id });
    expect(reply.body).toMatchObject({ status: "merged", merged_into: target.id });
    const missing = await patch<Problem>(target.id, { merge_into: "inc-0-none" });
    expect(missing.status).toBe(409);
  });

  test("contradictory or empty changes are refused", async () => {
    const { id } = await create("contradictions");
    const cases: [object, string][] = [
      [{}, "status"],
      [{ status: "merged" }, "status"],
      [{ status: "acknowledged", merge_into: "inc-0-1" }, "merge_into"],
      [{ note: "x", merge_into: "inc-0-1" }, "merge_into"],
      [{ status: "resolved", cause: "x" }, "cause"],
      [{ note: "x", reason: "x" }, "reason"],
      [{ status: "acknowledged", comment: "x" }, "comment"],
      [{ note: "" }, "note"],
    ];
    for (const [body, field] of cases) {
      const reply = await patch<Problem>(id, body);
      expect([body, reply.status, reply.body.errors[0]?.["field"]]).toEqual([body, 400, field]);
    }
  });

  test("an incident that is not there is a 404, whatever its id looks like", async () => {
    for (const id of ["inc-0-zzz", "..%2f", "inc 1", "x".repeat(200), "inc-0-%00"]) {
      const path = `/v1/incidents/${id.includes("%") ? id : encodeURIComponent(id)}`;
      expect((await ask("GET", path)).status).toBe(404);
      expect((await ask("GET", `${path}/timeline`)).status).toBe(404);
      expect((await ask("PATCH", path, { status: "acknowledged" })).status).toBe(404);
      expect((await ask("POST", `${path}/notes`, { text: "x" })).status).toBe(404);
    }
  });
});

describe("Idempotency-Key", () => {
  test("a repeated request has one effect and the same answer", async () => {
    const headers = { "idempotency-key": "create-1" };
    const body = { title: "once" };
    const first = await ask("POST", "/v1/incidents", body, headers);
    const second = await ask("POST", "/v1/incidents", body, headers);
    expect(second.status).toBe(first.status);
    expect(second.body).toEqual(first.body);
    const note = { status: "acknowledged", note: "only once" };
    for (let i = 0; i < 3; i++) {
      const reply = await patch(first.body.id, note, { "idempotency-key": "n-1" });
      expect(reply.status).toBe(200);
    }
    const notes = world.incidents.events.filter((e) => e.detail["text"] === "only once");
    expect(notes).toHaveLength(1);
  });

  test("a key with another body is a conflict; on another incident it is another key", async () => {
    const one = await create("one");
    const two = await create("two");
    const headers = { "idempotency-key": "same" };
    expect((await patch(one.id, { note: "a" }, headers)).status).toBe(200);
    expect((await patch(one.id, { note: "b" }, headers)).status).toBe(409);
    expect((await patch(two.id, { note: "b" }, headers)).status).toBe(200);
  });

  test("a malformed key is refused", async () => {
    const { id } = await create("keys");
    for (const key of ["has blank", "k".repeat(256)]) {
      const reply = await patch<Problem>(id, { note: "x" }, { "idempotency-key": key });
      expect(reply.status).toBe(400);
      expect(reply.body.title).toBe("Invalid Idempotency-Key");
    }
    const longest = await patch(id, { note: "x" }, { "idempotency-key": "k".repeat(255) });
    expect(longest.status).toBe(200);
  });

  test("a lost answer is a 503 that can be repeated without a second effect", async () => {
    const { id } = await create("lost answer");
    const headers = { "idempotency-key": "lost-1" };
    world.incidents.lostAnswers = 1;
    const lost = await patch<Problem>(id, { note: "said once" }, headers);
    expect(lost.status).toBe(503);
    expect(lost.headers.get("retry-after")).toBe("1");
    expect(lost.body.detail).toContain("Idempotency-Key");
    expect((await patch(id, { note: "said once" }, headers)).status).toBe(200);
    const notes = world.incidents.events.filter((e) => e.detail["text"] === "said once");
    expect(notes).toHaveLength(1);
  });
});

describe("members", () => {
  type Page = { items: { fingerprint: string; link: { score: number } | null }[] };
  type Members = Page & { next_cursor: string | null };

  test("come page by page, each with what holds it", async () => {
    const labels = { service: "members-shop", severity: "high" };
    for (const alertname of ["M1", "M2", "M3"]) world.incidents.alert({ alertname, ...labels });
    const query = "/v1/incidents?service=members-shop";
    const { items: [incident] } = (await ask<{ items: IncidentView[] }>("GET", query)).body;
    const path = `/v1/incidents/${incident?.id ?? ""}/members`;
    const first = (await ask<Members>("GET", `${path}?limit=2`)).body;
    const link = { evidence: [{ kind: "service", weight: 1.3 }] };
    expect(first.items).toMatchObject([{ firing: true, link: null }, { link }]);
    const next = (await ask<Members>("GET", `${path}?limit=2&cursor=${first.next_cursor}`)).body;
    expect(next).toMatchObject({ items: [{ firing: true }], next_cursor: null });
    const weakest = Math.min(...[...first.items, ...next.items].map((one) => one.link?.score ?? 9));
    expect(incident?.score).toBe(weakest);
    expect((await ask("GET", `${path}?cursor=x`)).status).toBe(400);
    expect((await ask("GET", "/v1/incidents/inc-0-nowhere/members")).status).toBe(404);
  });

  test("are split off by fingerprint, with a reason", async () => {
    const labels = { service: "split-api", severity: "high" };
    for (const alertname of ["S1", "S2"]) world.incidents.alert({ alertname, ...labels });
    const query = "/v1/incidents?service=split-api";
    const { items: [incident] } = (await ask<{ items: IncidentView[] }>("GET", query)).body;
    const path = `/v1/incidents/${incident?.id ?? ""}`;
    const { items } = (await ask<Members>("GET", `${path}/members`)).body;
    const body = { split: [items[1]?.fingerprint], reason: "not ours" };
    const split = await ask("PATCH", path, body);
    expect(split.body).toMatchObject({ title: "S2 on split-api", fingerprint_count: 1 });
    expect(split.body.id).not.toBe(incident?.id);
    expect((await ask<Problem>("PATCH", path, body)).status).toBe(409);
    for (const bad of [{ split: [] }, { split: "x" }, { split: ["x"], status: "resolved" }]) {
      expect((await ask<Problem>("PATCH", path, bad)).status).toBe(400);
    }
  });
});
