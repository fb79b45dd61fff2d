/** What the process offers to its HTTP routes and its command line. */
import type { LearntEdge } from "../actors/correlation/learnt-edges.ts";
import type { AlertStatus, Silence } from "../actors/dispatch/types.ts";
import type {
  Command,
  CommandOutcome,
  IncidentEventKind,
  IncidentMember,
  IncidentStatus,
  IncidentView,
  Matcher,
  Severity,
} from "../actors/incident/types.ts";
import type { ApiKey, KeyWish } from "./api-keys.ts";
import type { ListedAlert } from "./alert-list.ts";
import type { LabelFilter } from "./label-filter.ts";

export type IncidentFilter = {
  /** Empty lists mean: any. "open" is every status but resolved, closed and merged. */
  statuses: (IncidentStatus | "open")[];
  severities: Severity[];
  services: string[];
  tenants: string[];
  /** Case-insensitive substring of the title. */
  text: string;
  /** Only incidents created at or after / before; ms; null: unbounded. */
  createdFromMs: number | null;
  createdBeforeMs: number | null;
  /** Absent or empty: any. */
  environments?: string[];
  /** Only the incident that this alert (16 hexadecimal digits) belongs to; absent: any. */
  fingerprint?: string;
};

/** Newest first. `cursor` continues after the last item of an earlier page. */
export type IncidentPage = { items: IncidentView[]; cursor: string | null };

export type TimelineEntry = {
  at: string;
  event: IncidentEventKind;
  by: string;
  because: string;
  detail: Record<string, string | number>;
};

export interface IncidentService {
  /** @throws RetryableError when no owner answered in time: outcome unknown, safe to repeat. */
  execute(command: Command): Promise<CommandOutcome>;
  list(filter: IncidentFilter, limit: number, cursor: string | null): Promise<IncidentPage>;
  get(id: string): Promise<IncidentView | null>;
  timeline(id: string): Promise<TimelineEntry[] | null>;
  /** Its alerts in the order in which they joined, from place `from` on. */
  members(id: string, from: number, limit: number): Promise<IncidentMember[] | null>;
}

/** Firing alerts; `cursor` is the fingerprint to go on behind, null after the last page. */
export type ListedAlerts = { items: ListedAlert[]; cursor: string | null };

export interface AlertLists {
  /**
   * At most `limit` alerts that all filters let through, behind the fingerprint `after` ("": from
   * the first). A page may be short although more follow.
   */
  list(filters: LabelFilter[], limit: number, after: string): Promise<ListedAlerts>;
}

/** Silences, and whether alerts are muted. */
export interface DispatchService {
  /** By fingerprint; alerts that have not come to dispatching yet are left out. */
  alerts(
    alerts: readonly { fingerprint: string; domain: string }[],
  ): Promise<Map<string, AlertStatus>>;
  /** How long ago the newest partition got routes, ms of its log; null: it has none. */
  routedForMs(): Promise<number | null>;
  /** Hands over alerts that began to fire before there were routes; those known are left out. */
  takeOver(alerts: readonly ListedAlert[]): Promise<void>;
  silences(): Promise<Silence[]>;
  silence(id: string): Promise<Silence | null>;
  /**
   * Brings a state of a silence into force. @returns false when a newer one is known, or there
   * are too many. @throws RetryableError when that is unknown; to repeat it is safe.
   */
  keepSilence(silence: Silence): Promise<boolean>;
  /** How many of the alerts that fire a silence with these matchers would mute. */
  wouldMute(matchers: Matcher[]): Promise<{ muted: number; of: number }>;
}

/** What the service graph has learnt, beside what the configuration says. */
export interface ServiceGraphs {
  /** Of all sources and partitions; `refused`: new edges that found no place. */
  learnt(): Promise<{ edges: LearntEdge[]; refused: number }>;
  /** Those of the source "api", taken back ones included. */
  stated(): Promise<LearntEdge[]>;
  /**
   * Brings states of edges into force. @returns how many found no place.
   * @throws RetryableError when that is unknown; to repeat it is safe.
   */
  state(edges: LearntEdge[]): Promise<number>;
  /** Resolves when what was seen is durable. @throws RetryableError; to repeat it is safe. */
  see(edges: LearntEdge[]): Promise<void>;
}

export interface Analytics {
  /**
   * Runs one read-only statement.
   * @param format a ClickHouse output format, e.g. "JSON", "JSONEachRow", "PrettyCompact".
   * @throws TerminalError with ClickHouse's message; RetryableError while it is away.
   */
  query(sql: string, format: string): Promise<string>;
}

/** A key just made: the only time that its text is known. */
export type NewKey = { key: ApiKey; text: string };

export interface ApiKeys {
  /** The oldest first; as recent as the bucket's watcher. */
  list(): ApiKey[];
  /** @throws TerminalError when there are too many keys; RetryableError */
  create(wish: KeyWish): Promise<NewKey>;
  /** The old secret works for another `overlapMs`. @returns null: no such key, or it has ended. */
  rotate(id: string, overlapMs: number): Promise<NewKey | null>;
  /** @returns null when there is no such key. @throws RetryableError */
  revoke(id: string): Promise<ApiKey | null>;
}

/** Whose alerts a request brings, as its key says. */
export interface AlertOwner {
  /** Null: the alerts say. */
  tenant: string | null;
  service: string | null;
  /** Counts alerts against the key's limits. @returns whole seconds to wait, or null: go on. */
  takeAlerts(count: number): number | null;
}

/** Accepts alerts: the only way in. */
export interface AlertIntake {
  /**
   * Takes a JSON array (or a single object) of alerts in the native schema: Alertmanager's
   * PostableAlert plus "dedup_key". Resolves when every valid alert is durable (I1).
   * @param owner absent: anybody.
   */
  submit(body: Uint8Array, source: string, owner?: AlertOwner): Promise<IntakeResult>;
}

export type IntakeResult =
  | { kind: "accepted"; accepted: number; rejected: RejectedAlert[] }
  /** The body is no JSON array of objects; nothing was taken. */
  | { kind: "malformed"; error: string }
  /** Too much is in flight, or the log is full or away; nothing of it may be assumed stored. */
  | { kind: "overloaded"; status: 429 | 503; retryAfterSeconds: number; reason: string };

/** `index` is the alert's place in the request, from 0. */
export type RejectedAlert = { index: number; reason: string; field: string; value: string };
