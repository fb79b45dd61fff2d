/**
 * The program with models of its own configuration: two incidents of different services whose
 * texts are about one trouble become one, and everybody can see why.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runTocsin } from "../cli/run-command.ts";
import type { IncidentView } from "../actors/incident/types.ts";
import { capturedIo } from "./captured-io.ts";
import { eventually } from "./contracts/eventually.ts";
import { Program } from "./crash/program.ts";
import {
  chatMessage,
  embeddingsOf,
  startModelServer,
  type ModelQuestion,
  type ModelServer,
} from "./model-server.ts";

let dir = "";
let program: Program | null = null;
let models: ModelServer;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "tocsin-text-models-"));
  const embeddings = embeddingsOf((text) => [
    ...["payment", "replica", "queue"].map((word) => (text.includes(word) ? 1 : 0.01)),
  ]);
  models = await startModelServer((question) =>
    question.path === "/v1/embeddings"
      ? embeddings(question)
      : chatMessage(verdictOn(question)),
  );
});

afterEach(async () => {
  program?.kill9();
  await models.stop();
  rmSync(dir, { recursive: true, force: true });
});

const reason = "Consumers wait because the replica is behind.";

function verdictOn({ body }: ModelQuestion): object {
  const messages = body["messages"] as { content: string }[];
  const { older, younger } = JSON.parse(messages.at(-1)?.content ?? "") as {
    [which: string]: { text: string };
  };
  const isSame = older?.text.includes("replica") === true && younger?.text.includes("queue");
  return { same_incident: isSame ? "yes" : "no", confidence: 0.95, sentence: reason };
}

function config(): string {
  writeFileSync(join(dir, "classifier-key"), "key-of-the-classifier\n");
  return [
    "nats: { port: 0 }",
    "partitions: { dedup: 2, incident: 2 }",
    "correlation:",
    "  text:",
    "    provider: endpoint",
    `    url: ${models.url}`,
    "    model: small",
    "    api_key_env: TEST_EMBEDDINGS_KEY",
    "  classifier:",
    `    url: ${models.url}`,
    "    model: judge",
    "    api_key_file: classifier-key",
    "    ask_from: 0.01",
    "",
  ].join("\n");
}

async function fire(service: string, summary: string): Promise<IncidentView> {
  const url = program?.url ?? "";
  const labels = { alertname: `${service} fails`, service, severity: "critical", tenant: "acme" };
  const posted = await fetch(`${url}/api/v2/alerts`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify([{ labels, annotations: { summary } }]),
  });
  expect(posted.status).toBe(200);
  let found: IncidentView | undefined;
  await eventually(async () => {
    found = (await incidents()).find((one) => one.service === service);
    expect(found).toBeDefined();
  });
  return found as IncidentView;
}

async function incidents(): Promise<IncidentView[]> {
  const page = await (await fetch(`${program?.url}/v1/incidents`)).json();
  return (page as { items: IncidentView[] }).items;
}

async function mergedInto(id: string): Promise<string | null | undefined> {
  return (await incidents()).find((one) => one.id === id)?.merged_into;
}

test("incidents that read alike become one, and say why", async () => {
  const configPath = join(dir, "tocsin.yaml");
  writeFileSync(configPath, config());
  program = await Program.start({
    ...{ dataDir: join(dir, "data"), configPath, chaos: false },
    env: { TEST_EMBEDDINGS_KEY: "key-of-the-embeddings" },
  });
  const { url } = program;

  const gateway = await fire("gateway", "payment calls of jane@example.com time out after 31 s");
  const checkout = await fire("checkout", "payment provider does not answer");
  await eventually(async () => expect(await mergedInto(checkout.id)).toBe(gateway.id));
  const replica = await fire("postgres", "replica is 90 s behind");
  const worker = await fire("worker", "queue grows");
  await eventually(async () => expect(await mergedInto(worker.id)).toBe(replica.id));

  const io = capturedIo({ TOCSIN_URL: url });
  expect(await runTocsin(["why", gateway.id], io)).toBe(0);
  expect(io.stdout()).toContain(
    `correlation merged ${checkout.id} into it: their texts are alike (cosine 1): ` +
      '"gateway: payment calls',
  );
  const timeline = await (await fetch(`${url}/v1/incidents/${worker.id}/timeline`)).json();
  const { items } = timeline as { items: { event: string; because: string; detail: object }[] };
  expect(items.find(({ event }) => event === "merged")).toMatchObject({
    because: `correlation merged it into ${replica.id}: ${reason}`,
    detail: { evidence: "classifier", score: 0.95 },
  });

  const keys = new Set(models.questions.map(({ headers }) => headers.authorization));
  expect(keys).toEqual(new Set(["Bearer key-of-the-embeddings", "Bearer key-of-the-classifier"]));
  const texts = JSON.stringify(models.questions.map(({ body }) => body));
  expect(texts).not.toContain("jane@example.com");

  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toContain('tocsin_text_model_incidents_total{outcome="merged"} 2');
  expect(metrics).toMatch(/tocsin_text_model_requests_total\{model="embeddings"\} [1-9]/);
  expect(metrics).toContain('tocsin_text_model_failures_total{model="classifier"} 0');
  expect(metrics).toMatch(/tocsin_text_model_calls_left\{model="classifier"\} 1\d\d/);

  const patched = await fetch(`${url}/v1/incidents/${replica.id}`, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ relate: gateway.id }),
  });
  expect(patched.status, "people merge; only the program relates").toBe(400);

  const stderr = program.stderr();
  expect(stderr).not.toContain("key-of-the");
  expect(await program.terminate(), program.stderr()).toBe(0);
});

test("a key that the environment does not have, or no key, is said at the start", async () => {
  const configPath = join(dir, "tocsin.yaml");
  writeFileSync(configPath, config());
  const common = { dataDir: join(dir, "data"), configPath, chaos: false };
  await expect(Program.start(common)).rejects.toThrow(
    "correlation.text.api_key_env: the environment variable TEST_EMBEDDINGS_KEY is not set",
  );
  const broken = Program.start({ ...common, env: { TEST_EMBEDDINGS_KEY: "half a\nsecret" } });
  const error = (await broken.catch((caught: unknown) => caught)) as Error;
  expect(error.message).toContain(
    "correlation.text.api_key_env: what TEST_EMBEDDINGS_KEY holds cannot be a header value",
  );
  expect(error.message).not.toContain("secret");
});
