/** Snapshots in memory: a save is there as a whole or not at all. */
import type { Snapshots } from "../runtime/ports.ts";
import type { SimLink } from "./sim-link.ts";

export class SimSnapshotsServer {
  readonly snapshots = new Map<string, Uint8Array>();
}

export class SimSnapshots implements Snapshots {
  private readonly server: SimSnapshotsServer;
  private readonly link: SimLink;

  constructor(server: SimSnapshotsServer, link: SimLink) {
    this.server = server;
    this.link = link;
  }

  save(name: string, data: Uint8Array): Promise<void> {
    const copy = data.slice();
    return this.link.call("snapshots", () => {
      this.server.snapshots.set(name, copy);
    });
  }

  load(name: string): Promise<Uint8Array | null> {
    return this.link.call("snapshots", () => this.server.snapshots.get(name)?.slice() ?? null);
  }

  delete(name: string): Promise<void> {
    return this.link.call("snapshots", () => {
      this.server.snapshots.delete(name);
    });
  }
}
