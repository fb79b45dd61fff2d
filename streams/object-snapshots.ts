/** The Snapshots port over a JetStream object store: chunked, replaced as a whole. */
import { type ObjectStore, Objm } from "@nats-io/obj";
import type { Snapshots } from "../runtime/ports.ts";
import { classified } from "./jetstream-errors.ts";
import type { NatsLink } from "./nats-link.ts";
import { bucketNames } from "./subjects.ts";

export class ObjectSnapshots implements Snapshots {
  private readonly link: NatsLink;
  private readonly store: ObjectStore;

  static async open(link: NatsLink): Promise<ObjectSnapshots> {
    return new ObjectSnapshots(link, await new Objm(link.connection).open(bucketNames.snapshots));
  }

  private constructor(link: NatsLink, store: ObjectStore) {
    this.link = link;
    this.store = store;
  }

  async save(name: string, data: Uint8Array): Promise<void> {
    try {
      await this.link.request(() => this.store.putBlob({ name }, data));
    } catch (error) {
      throw classified(error, `save snapshot ${name}`);
    }
  }

  async load(name: string): Promise<Uint8Array | null> {
    try {
      return await this.link.request(() => this.store.getBlob(name));
    } catch (error) {
      throw classified(error, `load snapshot ${name}`);
    }
  }

  async delete(name: string): Promise<void> {
    try {
      if ((await this.link.request(() => this.store.info(name))) === null) return;
      await this.link.request(() => this.store.delete(name));
    } catch (error) {
      throw classified(error, `delete snapshot ${name}`);
    }
  }
}
