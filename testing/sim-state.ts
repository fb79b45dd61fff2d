/** The bucket of incident states in memory: the highest version is what readers see. */
import type { StateStore } from "../runtime/ports.ts";
import type { SimLink } from "./sim-link.ts";

export class SimStateServer {
  readonly views = new Map<string, { version: number }>();

  private readonly deleted = new Set<string>();

  put(id: string, view: { version: number }): void {
    if (this.deleted.has(id)) return;
    const known = this.views.get(id)?.version ?? 0;
    if (known < view.version) this.views.set(id, structuredClone(view));
  }

  delete(id: string): void {
    this.deleted.add(id);
    this.views.delete(id);
  }
}

export class SimState implements StateStore {
  private readonly server: SimStateServer;
  private readonly link: SimLink;

  constructor(server: SimStateServer, link: SimLink) {
    this.server = server;
    this.link = link;
  }

  get(id: string): Promise<{ version: number } | null> {
    return this.link.call("state", () => structuredClone(this.server.views.get(id) ?? null));
  }

  put(id: string, view: { version: number }): Promise<void> {
    const copy = structuredClone(view);
    return this.link.call("state", () => this.server.put(id, copy));
  }

  delete(id: string): Promise<void> {
    return this.link.call("state", () => this.server.delete(id));
  }
}
