import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RetryableError, TerminalError } from "../../runtime/errors.ts";
import { embeddingsOf, startModelServer, type ModelServer } from "../../testing/model-server.ts";
import { createEmbeddingsEndpoint, embeddingAnswerBytesMax } from "./embeddings-endpoint.ts";
import type { EmbeddingsEndpoint } from "./embeddings-endpoint.ts";

const never = new AbortController().signal;
const key = "sk-0123456789";

let server: ModelServer;
beforeEach(async () => {
  server = await startModelServer(embeddingsOf((text) => [text.length, 0]));
});
afterEach(() => server.stop());

function endpoint(more: Partial<EmbeddingsEndpoint> = {}) {
  return createEmbeddingsEndpoint({
    ...{ baseUrl: server.url, model: "small", apiKey: key, allowPrivate: true },
    ...{ userAgent: "tocsin/test", dimensions: null, ...more },
  });
}

const ask = (more: Partial<EmbeddingsEndpoint> = {}, texts = ["one", "three"]) =>
  endpoint(more).embed(texts, never);
const failure = (more: Partial<EmbeddingsEndpoint> = {}) =>
  ask(more).then(
    () => new Error("it did not fail"),
    (error: unknown) => error as Error,
  );

describe("an embeddings endpoint", () => {
  test("is asked as OpenAI's, for all texts at once", async () => {
    const { vectors, tokens } = await ask({ dimensions: 2 });
    expect(vectors.map((vector) => [...vector])).toEqual([[1, 0], [1, 0]]);
    expect(tokens).toBe(14);
    const [question] = server.questions;
    expect(question?.path).toBe("/v1/embeddings");
    expect(question?.headers["user-agent"]).toBe("tocsin/test");
    expect(question?.headers.authorization).toBe(`Bearer ${key}`);
    expect(question?.body).toEqual({
      ...{ model: "small", input: ["one", "three"], encoding_format: "float", dimensions: 2 },
    });
  });

  test("without a key gets no authorization, and may put a slash behind its URL", async () => {
    await ask({ apiKey: null, baseUrl: `${server.url}/` });
    expect(server.questions[0]).toMatchObject({ path: "/v1/embeddings" });
    expect(server.questions[0]?.headers.authorization).toBeUndefined();
  });

  test("vectors stand where their index says", async () => {
    server.answer = () => ({
      body: { data: [{ index: 1, embedding: [0, 2] }, { index: 0, embedding: [3, 0] }] },
    });
    const { vectors, tokens } = await ask();
    expect(vectors.map((vector) => [...vector])).toEqual([[1, 0], [0, 1]]);
    expect(tokens).toBeNull();
  });
});

describe("what is no answer", () => {
  const nonsense: [string, unknown, string][] = [
    ["no list", { data: "x" }, "no list `data`"],
    ["too few", { data: [{ embedding: [1] }] }, "1 vectors, expected 2"],
    ["one twice", { data: [0, 0].map((index) => ({ index, embedding: [1] })) }, "no vector 1"],
    ["unlike lengths", { data: [{ embedding: [1] }, { embedding: [1, 2] }] }, "has 2 numbers"],
    ["an empty vector", { data: [{ embedding: [] }, { embedding: [] }] }, "not a list of 1 to"],
    ["texts", { data: [{ embedding: ["1"] }, { embedding: ["2"] }] }, "not a list of 1 to"],
    ["too large", { data: [{ embedding: [1e300] }, { embedding: [1] }] }, "not a list of 1 to"],
    ["a list", [], "no list `data`"],
    ["nothing", null, "no list `data`"],
  ];
  test.each(nonsense)("%s is refused", async (_, body, message) => {
    server.answer = () => ({ body });
    const error = await failure();
    expect(error).toBeInstanceOf(TerminalError);
    expect(error.message).toContain(message);
  });

  test("other dimensions than were asked for", async () => {
    expect((await failure({ dimensions: 3 })).message).toContain("has 2 numbers, expected 3");
  });

  test("garbage, and a body without end", async () => {
    server.answer = () => ({ raw: "<html>not JSON</html>" });
    expect((await failure()).message).toBe("the answer is not JSON");
    server.answer = () => ({ raw: Buffer.alloc(embeddingAnswerBytesMax + 1, " ") });
    expect((await failure()).message).toContain("longer than 8388608 bytes");
  });

  test("a failure explains itself, without the key", async () => {
    server.answer = () => ({ status: 401, body: { error: `bad key ${key}` } });
    const refused = await failure();
    expect(refused).toBeInstanceOf(TerminalError);
    expect(refused.message).toBe('HTTP 401: {"error":"bad key ***"}');
    server.answer = () => ({ status: 429, headers: { "retry-after": "90" }, body: "slow down" });
    const later = await failure();
    expect(later).toMatchObject({ message: 'HTTP 429: "slow down"', retryAfterMs: 90_000 });
    server.answer = () => ({ status: 500, body: "" });
    expect(await failure()).toBeInstanceOf(RetryableError);
  });

  test("a redirect is not followed", async () => {
    server.answer = () => ({ status: 302, headers: { location: "/v1/elsewhere" }, body: "" });
    expect((await failure()).message).toBe("HTTP 302: redirects are not followed");
    expect(server.questions).toHaveLength(1);
  });

  test("silence ends with the signal", async () => {
    server.answer = () => "silence";
    const late = new AbortController();
    const asked = endpoint().embed(["one"], late.signal);
    late.abort();
    await expect(asked).rejects.toThrow(RetryableError);
  });
});

describe("where it may be", () => {
  test("private addresses only where that is allowed", async () => {
    const error = await failure({ allowPrivate: false });
    expect(error).toBeInstanceOf(TerminalError);
    expect(error.message).toContain("private addresses are not allowed");
    expect(server.questions).toEqual([]);
  });

  test("metadata services never, by address or by name", async () => {
    const byAddress = await failure({ baseUrl: "http://169.254.169.254/v1" });
    expect(byAddress.message).toContain("never allowed");
    const resolve = ((_host: string, _options: object, callback: (...all: unknown[]) => void) =>
      callback(null, [{ address: "169.254.169.254", family: 4 }])) as never;
    const byName = await failure({ baseUrl: "http://models.example/v1", resolve });
    expect(byName.message).toContain("address of models.example refused");
  });
});
