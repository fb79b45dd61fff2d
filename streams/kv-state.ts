/** Current state of each incident in a KV bucket, key `incident.<id>`, JSON for any reader. */
import { type KV, Kvm } from "@nats-io/kv";
import type { StateStore } from "../runtime/ports.ts";
import { classified } from "./jetstream-errors.ts";
import type { NatsLink } from "./nats-link.ts";
import { bucketNames } from "./subjects.ts";

const keyOf = (id: string): string => `incident.${id}`;

export class KvStateStore implements StateStore {
  private readonly link: NatsLink;
  private readonly kv: KV;

  static async open(link: NatsLink): Promise<KvStateStore> {
    return new KvStateStore(link, await new Kvm(link.connection).open(bucketNames.incidents));
  }

  private constructor(link: NatsLink, kv: KV) {
    this.link = link;
    this.kv = kv;
  }

  async get(id: string): Promise<{ version: number } | null> {
    try {
      const entry = await this.link.request(() => this.kv.get(keyOf(id)));
      if (entry === null || entry.operation !== "PUT") return null;
      return entry.json<{ version: number }>();
    } catch (error) {
      throw classified(error, `get state of ${id}`);
    }
  }

  async put(id: string, view: { version: number }): Promise<void> {
    try {
      await this.link.request(() => this.kv.put(keyOf(id), JSON.stringify(view)));
    } catch (error) {
      throw classified(error, `put state of ${id}`);
    }
  }

  async delete(id: string): Promise<void> {
    try {
      await this.link.request(() => this.kv.delete(keyOf(id)));
    } catch (error) {
      throw classified(error, `delete state of ${id}`);
    }
  }
}
