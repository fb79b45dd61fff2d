/** What the doors of other senders need of the process. */
import type { SourceMapping } from "../../runtime/config/sources.ts";
import type { Clock, HeartbeatStore, Logger } from "../../runtime/ports.ts";
import type { AlertLists, AlertOwner, IncidentService } from "../../runtime/services.ts";
import type { FormatIntake } from "../alert-intake.ts";

/** What a request does: sending and ending alerts, looking at them, deciding about them. */
export type SenderScope = "ingest" | "read" | "respond";

export type SenderDeps = {
  intake: FormatIntake;
  alerts: AlertLists;
  incidents: IncidentService;
  heartbeats: HeartbeatStore;
  /** Mappings of the configuration. */
  sources: readonly SourceMapping[];
  /**
   * Whom a key stands for. @param key as the sender gave it, "" when there was none.
   * @returns null when it is not valid or may not do this.
   * @throws LimitError when it has used up its limit of requests.
   */
  authenticate(key: string, scope: SenderScope): AlertOwner | null;
  clock: Clock;
  log: Logger;
  /** A new unguessable id, with dashes. */
  newId(): string;
};

/** Whom a request speaks for when no keys are configured. */
export const anyone: AlertOwner = Object.freeze({
  tenant: null,
  service: null,
  takeAlerts: () => null,
});
