/**
 * Knows whether a NATS connection is up, and lets nothing wait for an answer that cannot come.
 *
 * The client silently drops what is published while it reconnects, and a request that was under
 * way when the connection broke runs into its timeout. So requests are refused while the link
 * is down and rejected when it breaks: their outcome is unknown, callers repeat them.
 */
import type { NatsConnection } from "@nats-io/nats-core";

/** The connection is down or broke before the answer came. */
export class LinkDownError extends Error {
  constructor() {
    super("NATS is out of reach");
    this.name = "LinkDownError";
  }
}

export class NatsLink {
  readonly connection: NatsConnection;
  private up = true;
  private readonly waiting = new Set<(error: Error) => void>();
  private readonly listeners = new Set<() => void>();
  private readonly breakListeners: (() => void)[] = [];

  constructor(connection: NatsConnection) {
    this.connection = connection;
    void this.follow();
  }

  get connected(): boolean {
    return this.up;
  }

  /** Calls back after each reconnection; returns how to stop that. */
  onReconnect(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Calls back whenever the link breaks, for as long as it exists. */
  onBreak(listener: () => void): void {
    this.breakListeners.push(listener);
  }

  /** @throws LinkDownError at once when the link is down, or as soon as it breaks. */
  request<T>(send: () => Promise<T>): Promise<T> {
    if (!this.up) return Promise.reject(new LinkDownError());
    return new Promise<T>((resolve, reject) => {
      this.waiting.add(reject);
      send().then(
        (value) => {
          this.waiting.delete(reject);
          resolve(value);
        },
        (error: unknown) => {
          this.waiting.delete(reject);
          reject(error);
        },
      );
    });
  }

  private async follow(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type === "disconnect" || status.type === "staleConnection") this.broke();
      if (status.type === "reconnect") {
        this.up = true;
        for (const listener of this.listeners) listener();
      }
    }
  }

  private broke(): void {
    this.up = false;
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const reject of waiting) reject(new LinkDownError());
    for (const listener of this.breakListeners) listener();
  }
}
