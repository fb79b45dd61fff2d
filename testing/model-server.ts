/**
 * A real HTTP server on loopback that plays a server of models, OpenAI's style: it records every
 * question and answers as it is told, so that tests can watch limits, time-outs and nonsense.
 */
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

export type ModelQuestion = {
  path: string;
  headers: IncomingHttpHeaders;
  body: Record<string, unknown>;
};

export type ModelAnswer =
  | { status?: number; headers?: Record<string, string>; body: unknown }
  /** The answer's bytes as they are. */
  | { raw: string | Buffer }
  /** No answer at all. */
  | "silence";

export type ModelServer = {
  /** http://127.0.0.1:port/v1 */
  url: string;
  questions: ModelQuestion[];
  answer(question: ModelQuestion): ModelAnswer;
  stop(): Promise<void>;
};

/** Answers every question with `answer`, which a test may replace. */
export async function startModelServer(answer: ModelServer["answer"]): Promise<ModelServer> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      const body = JSON.parse(text) as Record<string, unknown>;
      const question = { path: request.url ?? "", headers: request.headers, body };
      model.questions.push(question);
      const said = model.answer(question);
      if (said === "silence") return;
      if ("raw" in said) return void response.end(said.raw);
      const headers = { "content-type": "application/json", ...said.headers };
      response.writeHead(said.status ?? 200, headers);
      response.end(JSON.stringify(said.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const model: ModelServer = {
    url: `http://127.0.0.1:${port}/v1`,
    questions: [],
    answer,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return model;
}

/** The answer of an embeddings endpoint whose vectors are `vectorOf` of each text. */
export function embeddingsOf(vectorOf: (text: string) => number[]): ModelServer["answer"] {
  return ({ body }) => {
    const texts = body["input"] as string[];
    const data = texts.map((text, index) => ({ index, embedding: vectorOf(text) }));
    return { body: { data, usage: { total_tokens: 7 * texts.length } } };
  };
}

/** The answer of a chat whose message is this. */
export function chatMessage(content: unknown): ModelAnswer {
  const text = typeof content === "string" ? content : JSON.stringify(content);
  const choices = [{ message: { role: "assistant", content: text } }];
  return { body: { choices, usage: { total_tokens: 123 } } };
}
