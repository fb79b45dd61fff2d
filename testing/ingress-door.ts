/**
 * The whole ingress on a free port of the loopback, with a log that remembers what was
 * published, for tests of formats, limits and hostile clients.
 */
import { connect } from "node:net";
import type { Admission } from "../ingress/admission.ts";
import { FrameIntake } from "../ingress/alert-intake.ts";
import { type BatchLimits, Batcher } from "../ingress/batcher.ts";
import { type HttpLimits, HttpServer } from "../ingress/http-server.ts";
import { LagGate } from "../ingress/lag-gate.ts";
import type { RedactionConfig } from "../runtime/config/redaction-section.ts";
import { sectionsOf } from "../runtime/bundle.ts";
import type { Logger } from "../runtime/ports.ts";
import { type FrameRecord, readFrame } from "./frame-records.ts";

export const silentLog: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** A log in memory; `refusal` makes it fail until it is null again. */
export class MemoryLog {
  records: FrameRecord[] = [];
  frames = 0;
  refusal: Error | null = null;
  /** Publishing waits for it. */
  gate: Promise<void> = Promise.resolve();

  readonly publishBundle = async (_lane: number, bundle: Uint8Array): Promise<void> => {
    const records = (sectionsOf(bundle) ?? []).flatMap(({ partition, data }) =>
      readFrame(partition, data),
    );
    await this.gate;
    if (this.refusal !== null) throw this.refusal;
    this.frames += 1;
    this.records.push(...records);
  };
}

export type Door = {
  port: number;
  server: HttpServer;
  intake: FrameIntake;
  batcher: Batcher;
  log: MemoryLog;
  request(path: string, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
};

export async function openDoor(
  options: {
    http?: Partial<HttpLimits>;
    batch?: Partial<BatchLimits>;
    admission?: Admission;
    log?: Logger;
    redaction?: RedactionConfig;
  } = {},
  nowMs: () => number = Date.now,
): Promise<Door> {
  const log = new MemoryLog();
  const batcher = new Batcher({ partitions: 4, lanes: 4 }, log.publishBundle, options.batch);
  const intake = new FrameIntake({
    ...{ batcher, nowMs, cacheSeed: 7, resolveTimeoutMs: 300_000 },
    gate: new LagGate(() => 0, 5_000),
    ...(options.redaction === undefined ? {} : { redaction: options.redaction }),
  });
  const server = new HttpServer({
    log: options.log ?? silentLog,
    limits: options.http ?? {},
    admission: options.admission ?? null,
  });
  const { port } = await server.listen("127.0.0.1", 0);
  return {
    port,
    server,
    intake,
    batcher,
    log,
    request: (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init),
    close: () => server.drain(1000),
  };
}

/**
 * Writes raw bytes to a port and collects what comes back until the connection closes.
 * @param write called once connected; it may write as slowly as it likes.
 */
export function rawExchange(
  port: number,
  write: (send: (text: string | Uint8Array) => boolean) => void,
): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let received = "";
    socket.on("data", (chunk) => (received += chunk.toString("latin1")));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(received));
    socket.on("connect", () => write((text) => !socket.destroyed && socket.write(text)));
  });
}
