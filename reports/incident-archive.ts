/**
 * Incidents that have left the owners' memory, read from ClickHouse: an IncidentService that
 * asks the owners first. Commands and lists concern live incidents only.
 */
import type {
  Command,
  CommandOutcome,
  IncidentMember,
  IncidentView,
} from "../actors/incident/types.ts";
import type {
  Analytics,
  IncidentFilter,
  IncidentPage,
  IncidentService,
  TimelineEntry,
} from "../runtime/services.ts";

/** What an id may consist of; so it can stand in a statement as it is. */
const idPattern = /^inc-[0-9a-z-]{1,60}$/;
const timelineEntriesMax = 10_000;

export class IncidentArchive implements IncidentService {
  private readonly live: IncidentService;
  private readonly analytics: Analytics;

  constructor(live: IncidentService, analytics: Analytics) {
    this.live = live;
    this.analytics = analytics;
  }

  execute(command: Command): Promise<CommandOutcome> {
    return this.live.execute(command);
  }

  list(filter: IncidentFilter, limit: number, cursor: string | null): Promise<IncidentPage> {
    return this.live.list(filter, limit, cursor);
  }

  async get(id: string): Promise<IncidentView | null> {
    const live = await this.live.get(id);
    if (live !== null || !idPattern.test(id)) return live;
    const [row] = await this.rows<ArchivedRow>(
      `select * except (created_at, updated_at, acknowledged_at, resolved_at, closed_at),
         ${times.map((name) => `toUnixTimestamp64Milli(${name}) as ${name}`).join(", ")}
       from tocsin.incidents where id = '${id}'`,
    );
    return row === undefined ? null : viewOf(row);
  }

  async timeline(id: string): Promise<TimelineEntry[] | null> {
    const live = await this.live.timeline(id);
    if (live !== null || !idPattern.test(id)) return live;
    const rows = await this.rows<TimelineRow>(
      `select toUnixTimestamp64Milli(time) as at_ms, event, by, because, detail
       from tocsin.incident_events where incident_id = '${id}' and event != 'counted'
       order by step_seq, idx limit ${timelineEntriesMax}`,
    );
    if (rows.length === 0) return null;
    return rows.map(({ at_ms, event, by, because, detail }) => ({
      at: new Date(Number(at_ms)).toISOString(),
      event,
      by,
      because,
      detail,
    }));
  }

  async members(id: string, from: number, limit: number): Promise<IncidentMember[] | null> {
    const live = await this.live.members(id, from, limit);
    if (live !== null || !idPattern.test(id)) return live;
    const rows = await this.rows<MemberRow>(
      `select detail.fingerprint::String as fingerprint, any(because) as because,
         any(detail.parent::String) as parent, any(detail.score::Nullable(Float64)) as score
       from (select event, because, detail, step_seq, idx from tocsin.incident_events
         where incident_id = '${id}' and event in ('opened', 'alertJoined', 'reopened')
         order by step_seq, idx)
       where fingerprint != '' group by fingerprint
       order by min((step_seq, idx)) limit ${Math.floor(limit)} offset ${Math.floor(from)}`,
    );
    if (rows.length === 0 && (await this.get(id)) === null) return null;
    // What has left memory is quiet; what was told of each alert is in the event log.
    return rows.map(({ fingerprint, because, parent, score }) => {
      const link = { fingerprint, parent, because, evidence: [], sign: null };
      return { fingerprint, firing: false, link: score === null ? null : { ...link, score } };
    });
  }

  private async rows<Row>(sql: string): Promise<Row[]> {
    const text = await this.analytics.query(sql, "JSONEachRow");
    const lines = text.split("\n").filter((line) => line !== "");
    return lines.map((line) => JSON.parse(line) as Row);
  }
}

const times = ["created_at", "updated_at", "acknowledged_at", "resolved_at", "closed_at"] as const;

type TimelineRow = Pick<TimelineEntry, "event" | "by" | "because" | "detail"> & {
  at_ms: number | string;
};

type MemberRow = { fingerprint: string; because: string; parent: string; score: number | null };

type ArchivedRow = Omit<IncidentView, (typeof times)[number] | "escalation"> & {
  [name in (typeof times)[number]]: number | string | null;
} & {
  escalation_policy: string;
  escalation_level: number;
  escalation_round: number;
  escalation_stopped_because: string | null;
};

function viewOf(row: ArchivedRow): IncidentView {
  const {
    escalation_policy: policy,
    escalation_level: level,
    escalation_round: round,
    escalation_stopped_because: stopped_because,
    ...rest
  } = row;
  const time = (value: number | string | null): string | null =>
    value === null ? null : new Date(Number(value)).toISOString();
  return {
    ...rest,
    alert_count: Number(row.alert_count),
    fingerprint_count: Number(row.fingerprint_count),
    firing_count: Number(row.firing_count),
    // What has left memory is quiet; of its links the event log has the scores.
    flapping: false,
    score: null,
    version: Number(row.version),
    created_at: time(row.created_at) ?? "",
    updated_at: time(row.updated_at) ?? "",
    acknowledged_at: time(row.acknowledged_at),
    resolved_at: time(row.resolved_at),
    closed_at: time(row.closed_at),
    escalation:
      policy === "" ? null : { policy, level, round, next_at: null, stopped_because },
  };
}
