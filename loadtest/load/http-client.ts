/** One request over keep-alive connections, with a deadline. */
import { Agent, request } from "node:http";
import type { Target } from "./phase.ts";

export type Ask = {
  method: string;
  path: string;
  contentType: string;
  body: string | null;
};

export type Answer =
  | { kind: "answer"; status: number; retryAfter: boolean; body: string }
  | { kind: "failure"; reason: string };

type Stale = { kind: "stale"; reason: string };

/** Below the 10 s after which the server closes an idle connection: never send into a close. */
const idleMs = 4_000;

export class HttpClient {
  readonly #target: Target;
  readonly #timeoutMs: number;
  readonly #agent = new Agent({ keepAlive: true, timeout: idleMs, scheduling: "fifo" });

  constructor(target: Target, timeoutMs: number) {
    this.#target = target;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Never rejects. `keepBody`: otherwise the body is read and thrown away. A connection that was
   * idle may be closed by the server in the moment in which it is used again; then, as HTTP has
   * it, the request is repeated once on another: nothing here does harm when it is sent twice.
   */
  async send(ask: Ask, keepBody: boolean): Promise<Answer> {
    const first = await this.#exchange(ask, keepBody);
    return first.kind === "stale" ? answerOf(await this.#exchange(ask, keepBody)) : first;
  }

  #exchange(ask: Ask, keepBody: boolean): Promise<Answer | Stale> {
    return new Promise((resolve) => {
      const { host, port } = this.#target;
      const headers: Record<string, string> = { host: `${host}:${port}` };
      const body = ask.body === null ? null : Buffer.from(ask.body);
      if (body !== null) {
        headers["content-type"] = ask.contentType;
        headers["content-length"] = String(body.length);
      }
      const { method, path } = ask;
      const sending = request({ host, port, method, path, headers, agent: this.#agent });
      // Of the whole exchange, from now: a body that trickles in is late as well.
      const late = setTimeout(() => {
        sending.destroy(new Error(`no answer within ${this.#timeoutMs / 1000} s`));
      }, this.#timeoutMs);
      let answered = false;
      const finish = (answer: Answer | Stale): void => {
        clearTimeout(late);
        resolve(answer);
      };
      const fail = (error: Error): void => {
        const reason = (error as NodeJS.ErrnoException).code ?? error.message;
        const isStale = reason === "ECONNRESET" && sending.reusedSocket && !answered;
        finish({ kind: isStale ? "stale" : "failure", reason });
      };
      sending.once("error", fail);
      sending.once("response", (response) => {
        answered = true;
        let text = "";
        if (keepBody) response.setEncoding("utf8").on("data", (part: string) => (text += part));
        else response.resume();
        response.once("error", fail);
        response.once("end", () => {
          const retryAfter = response.headers["retry-after"] !== undefined;
          const status = response.statusCode ?? 0;
          finish({ kind: "answer", status, retryAfter, body: text });
        });
      });
      sending.end(body ?? undefined);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

function answerOf(answer: Answer | Stale): Answer {
  return answer.kind === "stale" ? { kind: "failure", reason: answer.reason } : answer;
}
