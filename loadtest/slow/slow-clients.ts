/**
 * Clients on bad lines and worse: raw sockets, since no HTTP client can be told to misbehave so.
 *
 * - honest: a small alert whose bytes drip in over some seconds; it deserves its 200
 * - stalled: the head and half a body, then silence; the server has to end it
 * - deaf: asks again and again and never reads an answer; its answers must not pile up
 *
 * A connection that ends is opened again, so that there are always as many.
 */
import { connect } from "node:net";
import type { Socket } from "node:net";
import type { Target } from "../target.ts";

export type SlowReport = {
  opened: number;
  honestAccepted: number;
  honestRefused: number;
  stalledClosed: number;
  deafClosed: number;
};

type Kind = "honest" | "stalled" | "deaf";

const kinds: Kind[] = ["honest", "stalled", "deaf"];
const dripEveryMs = 200;
const dripBytes = 8;
const deafAskEveryMs = 100;
/** What a deaf client has not got rid of is not its server's problem. */
const deafWaitingBytesMax = 65_536;
const reopenAfterMs = 250;
const body = '[{"labels":{"alertname":"SlowClient","service":"edge","severity":"info"}}]';

export class SlowClients {
  readonly #target: Target;
  readonly #open = new Set<Socket>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #report: SlowReport = {
    ...{ opened: 0, honestAccepted: 0, honestRefused: 0, stalledClosed: 0, deafClosed: 0 },
  };
  #over = false;

  constructor(target: Target, count: number) {
    this.#target = target;
    for (let i = 0; i < count; i++) this.#connect(kinds[i % kinds.length]!);
  }

  async stop(): Promise<SlowReport> {
    this.#over = true;
    for (const timer of this.#timers) clearInterval(timer);
    const ended = [...this.#open].map(
      (socket) => new Promise<void>((resolve) => socket.once("close", () => resolve())),
    );
    for (const socket of this.#open) socket.destroy();
    await Promise.all(ended);
    return this.#report;
  }

  #connect(kind: Kind): void {
    const socket = connect({ ...this.#target, noDelay: true });
    this.#open.add(socket);
    socket.once("connect", () => {
      this.#report.opened += 1;
      if (kind === "honest") this.#drip(socket);
      else if (kind === "stalled") this.#stall(socket);
      else this.#askDeafly(socket);
    });
    // An answer of 408, a reset or an end are all the same here: the server let go of it.
    socket.on("error", () => {});
    socket.once("close", () => {
      this.#open.delete(socket);
      if (this.#over) return;
      if (kind === "stalled") this.#report.stalledClosed += 1;
      if (kind === "deaf") this.#report.deafClosed += 1;
      const again = setTimeout(() => {
        this.#timers.delete(again);
        this.#connect(kind);
      }, reopenAfterMs);
      this.#timers.add(again);
    });
  }

  #head(): string {
    const { host, port } = this.#target;
    return (
      `POST /api/v2/alerts HTTP/1.1\r\nHost: ${host}:${port}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`
    );
  }

  #drip(socket: Socket): void {
    socket.write(this.#head());
    let sent = 0;
    let answered = false;
    this.#every(socket, dripEveryMs, () => {
      socket.write(body.slice(sent, sent + dripBytes));
      sent += dripBytes;
      return sent < body.length;
    });
    socket.once("data", (data) => {
      answered = true;
      if (data.toString("latin1").startsWith("HTTP/1.1 200")) this.#report.honestAccepted += 1;
      else this.#report.honestRefused += 1;
      socket.destroy();
    });
    socket.once("close", () => {
      if (!answered && !this.#over) this.#report.honestRefused += 1;
    });
  }

  #stall(socket: Socket): void {
    socket.write(this.#head() + body.slice(0, body.length / 2));
    // Half-open: our side goes on as if it had seen nothing, until the server closes.
    socket.resume();
  }

  #askDeafly(socket: Socket): void {
    const { host, port } = this.#target;
    const ask = `GET /metrics HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`;
    socket.pause();
    this.#every(socket, deafAskEveryMs, () => {
      if (socket.writableLength < deafWaitingBytesMax) socket.write(ask);
      return true;
    });
  }

  /** Until `act` returns false, the socket closes, or all is over. */
  #every(socket: Socket, ms: number, act: () => boolean): void {
    const timer = setInterval(() => {
      if (!socket.destroyed && act()) return;
      clearInterval(timer);
      this.#timers.delete(timer);
    }, ms);
    this.#timers.add(timer);
  }
}
