/**
 * API v2 of Tocsin and of Alertmanager in the same state: what can be read is the same, in the
 * same order, and what is wrong with a request is answered alike.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { badReads, badWrites, differing, reads, type Request } from "./api-requests.ts";
import { configuration, prepare, silenceIds } from "./api-state.ts";
import { alertmanagerProgram, type Answer, type Name, names, Twins } from "./twins.ts";

describe.skipIf(alertmanagerProgram === undefined)("API v2 as Alertmanager has it", () => {
  let twins: Twins;

  beforeAll(async () => {
    twins = await Twins.start(configuration);
    await prepare(twins);
  }, 60_000);

  afterAll(() => twins?.stop());

  test.each(reads)("GET %s", async (path) => {
    const [ours, theirs] = await twins.both("GET", path);
    expect(comparable(ours)).toEqual(comparable(theirs));
  });

  test("GET /api/v2/silence/{id}, after a change as well", async () => {
    const [first] = await silenceIds(twins);
    for (const comment of ["", "changed"]) {
      if (comment !== "") await change(comment);
      const [ours, theirs] = await Promise.all([shown("tocsin"), shown("alertmanager")]);
      expect(comparable(ours)).toEqual(comparable(theirs));
      if (comment !== "") expect(ours.body).toMatchObject({ comment, id: first!.tocsin });
    }

    function shown(name: Name): Promise<Answer> {
      return twins.ask(name, "GET", `/api/v2/silence/${first![name]}`);
    }

    async function change(comment: string): Promise<void> {
      for (const name of names) {
        const { body } = await shown(name);
        const changed = { ...(body as object), comment };
        const posted = await twins.ask(name, "POST", "/api/v2/silences", changed);
        expect(posted.body).toEqual({ silenceID: first![name] });
      }
    }
  });

  test("silences that changes replace: the old one ends, the new one has another id", async () => {
    const [, second] = await silenceIds(twins);
    const matchers = [{ name: "other", value: "x", isRegex: false }];
    for (const name of names) {
      const id = second![name];
      const { body } = await twins.ask(name, "GET", `/api/v2/silence/${id}`);
      const changed = { ...(body as object), matchers };
      const posted = await twins.ask(name, "POST", "/api/v2/silences", changed);
      expect((posted.body as { silenceID: string }).silenceID).not.toBe(id);
      const after = await twins.ask(name, "GET", `/api/v2/silence/${id}`);
      expect(after.body).toMatchObject({ id, status: { state: "expired" } });
    }
  });

  test.each(badReads)("GET %s is refused", async (path) => {
    const [ours, theirs] = await twins.both("GET", path);
    expect(ours.status).toBe(theirs.status);
    if (path !== "/api/v2/nothing") expect(shape(ours)).toBe(shape(theirs));
  });

  test.each(badWrites)("$method $path $body", async ({ method, path, body }: Request) => {
    const [ours, theirs] = await twins.both(method, path, body);
    expect(ours.status).toBe(theirs.status);
    if (path === "/api/v2/silences") expect(code(ours)).toBe(code(theirs));
  });

  test.each(differing)("$request.method $request.path differs on purpose", async (each) => {
    const { method, path, body } = each.request;
    const [ours, theirs] = await twins.both(method, path, body);
    expect(ours.status).toBe(each.ours);
    expect([each.theirs, each.ours]).toContain(theirs.status);
  });

  test("nothing that is read may be kept by a proxy", async () => {
    for (const path of ["/api/v2/alerts", "/api/v2/silences", "/api/v2/status"]) {
      const { headers } = await twins.ask("tocsin", "GET", path);
      expect(headers.get("cache-control")).toBe("no-store");
    }
  });
});

/** What each program makes up for itself: ids, and times to the millisecond. */
const own = new Set(["id", "updatedAt"]);

function comparable({ status, body }: Answer): object {
  return { status, body: reduced(body) };
}

function reduced(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reduced);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).flatMap(([name, each]): [string, unknown][] => {
    // Not in every version of Alertmanager's.
    if (name === "mutedBy") return [];
    if (own.has(name)) return [[name, typeof each]];
    if (name === "silencedBy") return [[name, (each as string[]).length]];
    if (name === "startsAt" || name === "endsAt") return [[name, isOver(String(each))]];
    // Alertmanager has the alerts of a group in no order.
    if (name === "alerts") return [[name, sorted(each as { fingerprint: string }[]).map(reduced)]];
    return [[name, reduced(each)]];
  });
  return Object.fromEntries(entries);
}

function isOver(time: string): boolean {
  return Date.parse(time) < Date.now();
}

function sorted(alerts: { fingerprint: string }[]): { fingerprint: string }[] {
  return alerts.sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1));
}

function shape({ body }: Answer): string {
  return typeof body === "string" ? "text" : Object.keys(body as object).join();
}

/** Of what a client's program would be told; null: a text for people. */
function code({ body }: Answer): number | null {
  return (body as { code?: number }).code ?? null;
}
