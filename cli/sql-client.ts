/**
 * Asks the running program's ClickHouse. The answer is text in the format asked for, byte for
 * byte: unlike the rest of the API it is not always JSON, and its numbers may be too large for it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { explain, isBusy, type Api } from "./api.ts";
import { CommandFailure } from "./define-command.ts";

/** A statement may run for 25 s and wait for others before it. */
const answerTimeoutMs = 60_000;
const triesMax = 5;
const retryAfterMs = 2_000;

/** @throws CommandFailure with what to do about it. */
export async function askSql(api: Api, query: string, format: string): Promise<string> {
  for (let tries = 1; ; tries++) {
    const response = await post(api, JSON.stringify({ query, format }));
    const text = await response.text();
    if (response.ok) return text;
    if (!isBusy(response.status) || tries === triesMax) {
      const answer = { status: response.status, retryAfterMs, body: parsed(text) };
      throw new CommandFailure(explain(answer, api.baseUrl));
    }
    await sleep(retryAfterMs);
  }
}

async function post({ baseUrl, keyHeaders }: Api, body: string): Promise<Response> {
  try {
    return await fetch(`${baseUrl}/v1/sql`, {
      method: "POST",
      headers: { "content-type": "application/json", ...keyHeaders },
      body,
      redirect: "error",
      signal: AbortSignal.timeout(answerTimeoutMs),
    });
  } catch (error) {
    if (error instanceof Error && error.name === "TimeoutError") {
      const seconds = answerTimeoutMs / 1000;
      throw new CommandFailure(`${baseUrl} gave no answer within ${seconds} s`);
    }
    throw new CommandFailure(
      `nothing answers on ${baseUrl}: is Tocsin running? Start it with npm start, or say where ` +
        "it is with --url or TOCSIN_URL.",
    );
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
