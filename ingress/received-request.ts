/**
 * A request as handlers see it. What uWebSockets.js tells of its head is there only while the head
 * is being handled, so it is copied: all of it, or on a fast path what its route has named.
 */
import type * as uWS from "uWebSockets.js";
import type { HttpRequest, Principal } from "./http.ts";

/** Method and path as the router knows them, and what of the head is copied. */
export type Head = {
  method: string;
  path: string;
  params: Record<string, string>;
  /** Names of the headers to copy, and then no query; null: all of the head. */
  headers: readonly string[] | null;
};

const noBytes = Buffer.alloc(0);

export class ReceivedRequest implements HttpRequest {
  body: Buffer = noBytes;
  declare principal?: Principal;

  private readonly head: Head;
  private readonly values: string[] = [];
  private readonly all: Map<string, string> | null;
  private readonly rawQuery: string;
  private parsedQuery: URLSearchParams | null = null;
  private abortion: AbortController | null = null;
  private aborted = false;

  constructor(head: Head, source: uWS.HttpRequest) {
    this.head = head;
    if (head.headers === null) {
      const all = new Map<string, string>();
      source.forEach((name, value) => all.set(name, value));
      this.all = all;
      this.rawQuery = source.getQuery();
    } else {
      for (const name of head.headers) this.values.push(source.getHeader(name));
      this.all = null;
      this.rawQuery = "";
    }
  }

  get method(): string {
    return this.head.method;
  }

  get path(): string {
    return this.head.path;
  }

  get params(): Record<string, string> {
    return this.head.params;
  }

  get query(): URLSearchParams {
    this.parsedQuery ??= new URLSearchParams(this.rawQuery);
    return this.parsedQuery;
  }

  /** @throws Error when a fast path's route did not name this header. */
  header(name: string): string {
    if (this.all !== null) return this.all.get(name) ?? "";
    const { headers } = this.head;
    const at = headers === null ? -1 : headers.indexOf(name);
    if (at === -1) throw new Error(`the route of ${this.path} does not name the header ${name}`);
    return this.values[at] as string;
  }

  get signal(): AbortSignal {
    this.abortion ??= new AbortController();
    if (this.aborted) this.abortion.abort();
    return this.abortion.signal;
  }

  abort(): void {
    this.aborted = true;
    this.abortion?.abort();
  }
}
