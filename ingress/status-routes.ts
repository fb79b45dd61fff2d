/**
 * GET /v1/status: what runs here, for people and for the command line. And, only when chaos is
 * allowed, POST /v1/chaos/shards/:index/kill, which ends a shard thread as a crash would.
 */
import { type Route, json, problem } from "./http.ts";

export type StatusDeps = {
  status(): object;
  /** Null: chaos is not allowed. @returns false when there is no such shard. */
  killShard: ((index: number) => boolean) | null;
};

export function registerStatus(route: Route, deps: StatusDeps): void {
  const { status, killShard } = deps;
  route("GET", "/v1/status", () => json(200, status()));
  if (killShard === null) return;
  route("POST", "/v1/chaos/shards/:index/kill", (request) => {
    const text = request.params["index"] ?? "";
    const index = /^\d{1,4}$/.test(text) ? Number(text) : -1;
    if (killShard(index)) return json(202, { killed: index });
    return problem(404, "No such shard", `There is no shard ${text}; GET /v1/status lists them.`);
  });
}
