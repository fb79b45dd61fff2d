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
const noHead: Head = { method: "", path: "", params: {}, headers: null };

export class ReceivedRequest implements HttpRequest {
  body: Buffer = noBytes;
  declare principal?: Principal;

  private head: Head = noHead;
  /** Of the headers that the head names, in that order. */
  private readonly values: string[] = [];
  private all: Map<string, string> | null = null;
  private rawQuery = "";
  private parsedQuery: URLSearchParams | null = null;
  private abortion: AbortController | null = null;
  private aborted = false;

  /** Becomes this request; nothing of an earlier one is left but its principal, if it had one. */
  begin(head: Head, source: uWS.HttpRequest): void {
    this.head = head;
    this.body = noBytes;
    this.all = null;
    this.rawQuery = "";
    this.parsedQuery = null;
    this.abortion = null;
    this.aborted = false;
    const { headers } = head;
    if (headers === null) {
      const all = new Map<string, string>();
      source.forEach((name, value) => all.set(name, value));
      this.all = all;
      this.rawQuery = source.getQuery();
      return;
    }
    for (let at = 0; at < headers.length; at += 1) {
      this.values[at] = source.getHeader(headers[at] as string);
    }
  }

  /** Whether its route named the headers that it has. */
  get isFast(): boolean {
    return this.head.headers !== null;
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
