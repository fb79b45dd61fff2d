/**
 * Which incident each fingerprint belongs to, and whether it fires. There may be a million of
 * them and nearly all fire, so that a firing one has no object of its own.
 */
import type { Incident } from "./incident.ts";

class Quiet {
  readonly incident: Incident;

  constructor(incident: Incident) {
    this.incident = incident;
  }
}

export class Membership {
  readonly #owners = new Map<string, Incident | Quiet>();

  get size(): number {
    return this.#owners.size;
  }

  /** The incident that the fingerprint belongs to, firing or not. */
  ownerOf(fingerprint: string): Incident | undefined {
    const owner = this.#owners.get(fingerprint);
    return owner instanceof Quiet ? owner.incident : owner;
  }

  isFiring(fingerprint: string): boolean {
    const owner = this.#owners.get(fingerprint);
    return owner !== undefined && !(owner instanceof Quiet);
  }

  set(fingerprint: string, incident: Incident, firing: boolean): void {
    this.#owners.set(fingerprint, firing ? incident : new Quiet(incident));
  }

  delete(fingerprint: string): void {
    this.#owners.delete(fingerprint);
  }
}
