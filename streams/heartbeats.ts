/** Heartbeats in a KV bucket: key = base64url of the tenant and name, value = JSON. */
import { type KV, Kvm } from "@nats-io/kv";
import { type Heartbeat, heartbeatKey } from "../runtime/heartbeat.ts";
import type { HeartbeatStore } from "../runtime/ports.ts";
import { classified } from "./jetstream-errors.ts";
import type { NatsLink } from "./nats-link.ts";
import { bucketNames } from "./subjects.ts";

type Name = Pick<Heartbeat, "tenant" | "name">;
const keyOf = (name: Name): string => Buffer.from(heartbeatKey(name)).toString("base64url");

export class KvHeartbeats implements HeartbeatStore {
  private readonly link: NatsLink;
  private readonly kv: KV;

  static async open(link: NatsLink): Promise<KvHeartbeats> {
    return new KvHeartbeats(link, await new Kvm(link.connection).open(bucketNames.heartbeats));
  }

  private constructor(link: NatsLink, kv: KV) {
    this.link = link;
    this.kv = kv;
  }

  all(): Promise<Heartbeat[]> {
    return this.attempt("read the heartbeats", async () => {
      const found: Heartbeat[] = [];
      for await (const entry of await this.kv.history()) {
        if (entry.operation === "PUT") found.push(entry.json<Heartbeat>());
      }
      return found;
    });
  }

  async put(heartbeat: Heartbeat): Promise<void> {
    await this.attempt("store a heartbeat", () =>
      this.kv.put(keyOf(heartbeat), JSON.stringify(heartbeat)),
    );
  }

  delete(name: Name): Promise<void> {
    return this.attempt("delete a heartbeat", () => this.kv.delete(keyOf(name)));
  }

  private async attempt<T>(doing: string, send: () => Promise<T>): Promise<T> {
    try {
      return await this.link.request(send);
    } catch (error) {
      throw classified(error, doing);
    }
  }
}
