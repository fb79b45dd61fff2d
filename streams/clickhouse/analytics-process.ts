/**
 * The analytics process: it owns ClickHouse (embedded, or the connection to a server) and runs
 * the sink, so neither a native crash nor a large insert is felt where alerts are accepted.
 * Everything it must know comes by message; it ends with its parent, however that ended.
 */
import { connect } from "@nats-io/transport-node";
import { TerminalError } from "../../runtime/errors.ts";
import type { Logger } from "../../runtime/ports.ts";
import { connectOptions } from "../nats-connection.ts";
import type { FromAnalytics, ToAnalytics } from "./analytics-messages.ts";
import { openEngine, type Engine } from "./engine.ts";
import { migrate } from "./migrate.ts";
import { Sink } from "./sink.ts";

type Start = Extract<ToAnalytics, { kind: "start" }>;

/** Each occupies a thread of the pool; the sink needs one too. */
const queriesAtOnceMax = 3;

const versionRetryMs = 1_000;

const queries = { running: 0, waiting: [] as (() => void)[] };
let engine: Engine | null = null;
let sink: Sink | null = null;
let ended: Promise<void> = Promise.resolve();

function tell(message: FromAnalytics): void {
  if (process.connected) process.send?.(message);
}

const logAt =
  (level: "debug" | "info" | "warn" | "error") =>
  (fields: object, message: string): void =>
    tell({ kind: "log", level, fields, message });
const log: Logger = {
  debug: logAt("debug"),
  info: logAt("info"),
  warn: logAt("warn"),
  error: logAt("error"),
};

async function start(options: Start): Promise<void> {
  try {
    engine = await openEngine(options.target);
  } catch (error) {
    tell({ kind: "cannotStart", message: messageOf(error) });
    process.disconnect();
    return;
  }
  const opened = engine;
  // The sink and the announcement both need the tables; two must not create them at once.
  let preparing: Promise<string> | null = null;
  const prepare = (): Promise<string> => {
    preparing ??= migrate(opened, options.retentionDays, log).finally(() => {
      preparing = null;
    });
    return preparing;
  };
  void announceVersion(opened, prepare);
  const nats = await connect(connectOptions(options.natsUrl, "tocsin-analytics"));
  sink = new Sink({
    engine: opened,
    nats,
    prepare,
    log,
    changed: (status) => tell({ kind: "sink", status }),
  });
  ended = sink.run();
}

/** Says when the engine answers and the tables are there; both may take until a server is up. */
async function announceVersion(opened: Engine, prepare: () => Promise<string>): Promise<void> {
  for (;;) {
    try {
      await prepare();
      tell({ kind: "ready", version: await opened.version() });
      return;
    } catch (error) {
      log.warn({ err: messageOf(error) }, "ClickHouse is not there yet");
      await new Promise((resolve) => setTimeout(resolve, versionRetryMs));
    }
  }
}

async function query(id: number, sql: string, format: string): Promise<void> {
  if (queries.running >= queriesAtOnceMax) {
    await new Promise<void>((resolve) => queries.waiting.push(resolve));
  }
  queries.running += 1;
  try {
    if (engine === null) throw new Error("ClickHouse is still starting");
    tell({ kind: "result", id, text: await engine.read(sql, format) });
  } catch (error) {
    const terminal = error instanceof TerminalError;
    tell({ kind: "failed", id, terminal, message: messageOf(error) });
  } finally {
    queries.running -= 1;
    queries.waiting.shift()?.();
  }
}

async function stop(): Promise<void> {
  sink?.stop();
  await ended;
  process.disconnect();
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message === "" ? error.name : error.message;
}

process.on("message", (message: ToAnalytics) => {
  if (message.kind === "start") void start(message);
  else if (message.kind === "query") void query(message.id, message.sql, message.format);
  else void stop();
});
// Signals of the terminal reach the whole group; the parent decides when this process ends.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
// The parent is gone or has let go. What was in flight is repeated by the next start, and a
// native engine is not torn down but cut off: its own exit has crashed before.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
