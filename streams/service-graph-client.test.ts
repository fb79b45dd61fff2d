/** The service graph over a real server: a record for each partition, and answers in pages. */
import { type NatsConnection, connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { GraphSources } from "../actors/correlation/graph-state.ts";
import type { LearntEdge } from "../actors/correlation/learnt-edges.ts";
import { RetryableError } from "../runtime/errors.ts";
import type { Log } from "../runtime/ports.ts";
import { answerGraph } from "../runtime/service-graph-reads.ts";
import type { WorkRecord } from "../runtime/work.ts";
import { MemoryGraphs } from "../testing/memory-graphs.ts";
import { type NatsServer, startNatsServer } from "../testing/nats-server.ts";
import { codec } from "./codec.ts";
import { connectOptions } from "./nats-connection.ts";
import { answerGraphQueries, ServiceGraphClient } from "./service-graph-client.ts";

let server: NatsServer;
let connection: NatsConnection;
let owners: MemoryGraphs[];
beforeAll(async () => {
  server = await startNatsServer();
  connection = await connect(connectOptions(server.url, "test"));
  for (const at of [0, 1]) answerGraphQueries(connection, at, () => owners[at] ?? null);
});
afterAll(async () => {
  await connection.close();
  await server.stop();
});

function edge(service: string, dependency: string, more: Partial<LearntEdge> = {}): LearntEdge {
  const scope = { tenant: null, environment: null };
  const state = { atMs: 1, removed: false, by: "ana" };
  return { source: "api", ...scope, service, dependency, ...state, ...more };
}

/** Two partitions; a log that gives each record to its partition at once. */
function partitions() {
  owners = [new MemoryGraphs(), new MemoryGraphs()];
  const world = { appended: [] as string[], failures: 0 };
  const append = async (subject: string, data: Uint8Array): Promise<number> => {
    if (world.failures > 0 && subject === "work.1") {
      world.failures -= 1;
      throw new RetryableError("the log is away");
    }
    const record = codec.decode(data) as Extract<WorkRecord, { kind: "edges" }>;
    const at = Number(subject.split(".")[1]);
    const refused = owners[at]?.graph.apply(record.edges);
    world.appended.push(`${subject} ${record.edges.length}`);
    if (record.replyTo !== "") connection.publish(record.replyTo, codec.encode({ refused }));
    return world.appended.length;
  };
  const log = { append } as unknown as Log;
  return { world, client: new ServiceGraphClient({ connection, log, partitions: 2 }) };
}

test("what is stated is in all partitions, and the first answers; a try is repeated", async () => {
  const { client, world } = partitions();
  world.failures = 1;
  expect(await client.state([edge("shop", "db")])).toBe(0);
  expect(world.appended).toEqual(["work.0 1", "work.0 1", "work.1 1"]);
  for (const { graph } of owners) expect(graph.of("t", "e").upstreamOf("shop")).toHaveLength(1);
  world.failures = 2;
  await expect(client.state([edge("shop", "mq")])).rejects.toThrow(RetryableError);
});

test("many edges take several records and several answers", async () => {
  const { client, world } = partitions();
  const name = "n".repeat(190);
  const many = Array.from({ length: 2_500 }, (_, at) => edge(`${name}${at}`, name));
  await client.see(many.map((each) => ({ ...each, source: "traces" })));
  const counts = world.appended.map((text) => Number(text.split(" ")[1]));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(2 * 2_500);
  // 256 KiB each, of about 510 bytes an edge.
  expect(Math.max(...counts)).toBeLessThan(600);
  await client.state([edge("a", "b"), edge("a", "c"), edge("a", "c", { atMs: 2, removed: true })]);
  expect((await client.stated()).map(({ removed }) => removed)).toEqual([false, true]);
  const { edges } = await client.learnt();
  expect(edges.length).toBe(2_501);
  expect(new Set(edges.map(({ service }) => service)).size).toBe(2_501);
});

test("a read that has begun goes on with what there was; the next one sees what there is", () => {
  const { graph } = new MemoryGraphs();
  const name = "n".repeat(190);
  const at = (count: number) => edge(`${name}${count}`, name);
  graph.apply(Array.from({ length: 3_000 }, (_, count) => at(count)));
  const page = (after: string) => answerGraph({ graph }, { kind: "edges", source: "api", after });
  const rest = (after: string | null): number => {
    if (after === null) return 0;
    const { edges, next } = page(after);
    return edges.length + rest(next);
  };
  const first = page("");
  graph.apply([edge("z", "z1"), { ...at(7), removed: true, atMs: 2 }]);
  expect(first.edges.length + rest(first.next)).toBe(3_000);
  expect(rest("")).toBe(3_001);
  // Begun elsewhere, or before this memory: as good as any.
  expect(first.edges.length + rest(first.next)).toBe(3_001);
});

test("labels are read from every partition; what found no place is counted", async () => {
  const { client } = partitions();
  owners.forEach(({ graph }, at) =>
    graph.observe({ service: `s${at}`, tenant: `t${at}`, depends_on: "db" }, 1),
  );
  expect((await client.learnt()).edges.map(({ service }) => service)).toEqual(["s0", "s1"]);
  const { topology, graph } = owners[0] as MemoryGraphs;
  const sources = { ...(topology.sources as GraphSources), edgesMax: 1 };
  graph.configure({ ...topology, sources });
  expect(await client.state([edge("x", "y"), edge("x", "z")])).toBe(1);
  expect((await client.learnt()).refused).toBe(1);
});
