/**
 * Alertmanager's part of what the process offers to HTTP: alerts with their routing and muting,
 * groups, silences, and the configuration in force.
 */
import type {
  DispatchedAlert,
  DispatchedGroup,
  Silence,
  SilenceState,
} from "../actors/dispatch/types.ts";
import type { Matcher } from "../actors/incident/types.ts";

export type DispatchedAlertQuery = {
  matchers: Matcher[];
  /** Matched as a whole against receiver names; null: any. */
  receiver: string | null;
  /** Which states to show; an alert that is silenced and inhibited needs both. */
  active: boolean;
  silenced: boolean;
  inhibited: boolean;
  unprocessed: boolean;
  muted: boolean;
};

export type AlertmanagerPage<Item> = { items: Item[]; cursor: string | null };

/** A silence as the API takes it; `id` null makes a new one. */
export type SilenceRequest = Omit<Silence, "id" | "updatedAtMs"> & {
  id: string | null;
  /** Makes it even if it would mute everything. */
  force: boolean;
};

export type SilenceOutcome =
  | { kind: "done"; id: string }
  | { kind: "notFound" }
  /** E.g. ends before it starts, or would mute every alert. */
  | { kind: "refused"; reason: string };

export type ShownSilence = Silence & { state: SilenceState };

export interface AlertmanagerService {
  /** In the order of fingerprints; `cursor` goes on behind an earlier page. */
  alerts(
    query: DispatchedAlertQuery,
    limit: number,
    cursor: string | null,
  ): Promise<AlertmanagerPage<DispatchedAlert>>;
  /** Those of the groups that have an alert the query lets through, with these alerts. */
  groups(
    query: DispatchedAlertQuery,
  ): Promise<{ group: DispatchedGroup; alerts: DispatchedAlert[] }[]>;
  /** Active first, then pending, then expired; soonest end first. */
  silences(): Promise<ShownSilence[]>;
  silence(id: string): Promise<ShownSilence | null>;
  /** @throws RetryableError when no owner answered in time: outcome unknown, safe to repeat. */
  setSilence(request: SilenceRequest): Promise<SilenceOutcome>;
  expireSilence(id: string): Promise<SilenceOutcome>;
  /** What a silence with these matchers would mute now. */
  wouldMute(matchers: Matcher[]): Promise<{ muted: number; of: number }>;
  /** Names, in the order of the file. */
  receivers(): string[];
  /** The file as it was read, with secrets replaced by "<secret>". */
  originalConfig(): string;
  startedAtMs: number;
}
