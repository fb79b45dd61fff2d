/**
 * The IncidentService over NATS: commands become records of the owning partition's input and are
 * answered once their step is durable; reads are requests to the owners.
 *
 * Lists are merged newest first over all partitions; the cursor is that of the last item, which
 * every partition understands.
 */
import { type NatsConnection, createInbox } from "@nats-io/nats-core";
import type {
  Command,
  CommandOutcome,
  IncidentMember,
  IncidentView,
} from "../actors/incident/types.ts";
import { RetryableError } from "../runtime/errors.ts";
import { cursorAt } from "../runtime/incident-list.ts";
import type { Log } from "../runtime/ports.ts";
import type {
  IncidentFilter,
  IncidentPage,
  IncidentService,
  TimelineEntry,
} from "../runtime/services.ts";
import type { WorkRecord } from "../runtime/work.ts";
import { codec } from "./codec.ts";
import type { IncidentAnswer, IncidentQuery } from "./incident-queries.ts";
import { askOwner } from "./owner-request.ts";
import { querySubject, workSubject } from "./subjects.ts";

export type IncidentClientOptions = {
  connection: NatsConnection;
  log: Log;
  partitions: number;
  /** The partition that a new incident with these labels belongs to. */
  partitionOf(labels: Record<string, string>): number;
};

const commandTimeoutMs = 10_000;
const pendingCommandsMax = 1_000;
/** So many fit into a message of 1 MB, as other people's servers take it, whatever they say. */
const pageIncidents = 50;

export class IncidentClient implements IncidentService {
  private readonly options: IncidentClientOptions;
  private readonly inbox: string;
  private readonly waiting = new Map<string, (outcome: CommandOutcome) => void>();
  private serial = 0;

  constructor(options: IncidentClientOptions) {
    this.options = options;
    this.inbox = createInbox();
    options.connection.subscribe(`${this.inbox}.*`, {
      callback: (error, message) => {
        if (error !== null) return;
        const token = message.subject.slice(this.inbox.length + 1);
        this.waiting.get(token)?.(codec.decode(message.data) as CommandOutcome);
      },
    });
  }

  async execute(command: Command): Promise<CommandOutcome> {
    const partition = this.partitionOf(command);
    if (partition === null) {
      const reason = `there is no incident ${command.incidentId ?? ""}`;
      return { kind: "notFound", reason };
    }
    if (this.waiting.size >= pendingCommandsMax) {
      throw new RetryableError("too many commands are waiting", { retryAfterMs: 1_000 });
    }
    this.serial += 1;
    const token = String(this.serial);
    const record: WorkRecord = {
      kind: "command",
      command: { ...command, replyTo: `${this.inbox}.${token}` },
    };
    const answer = this.answerTo(token);
    try {
      await this.options.log.append(workSubject(partition), codec.encode(record));
      return await answer.outcome;
    } finally {
      answer.release();
    }
  }

  async list(filter: IncidentFilter, limit: number, cursor: string | null): Promise<IncidentPage> {
    const query: IncidentQuery = { kind: "list", filter, limit, cursor };
    const partitions = Array.from({ length: this.options.partitions }, (_, index) => index);
    const answers = await Promise.all(partitions.map((partition) => this.ask(partition, query)));
    const pages = answers.flatMap((answer) => (answer.kind === "page" ? [answer.page] : []));
    return mergePages(pages, limit);
  }

  /** Of the one partition that the incident is in: others cannot become one with it. */
  async openUpTo(
    { id, tenant, environment, created_at }: IncidentView,
    fromMs: number,
    limit: number,
  ): Promise<IncidentView[]> {
    const partition = this.partitionOfId(id);
    if (partition === null) return [];
    const filter: IncidentFilter = {
      ...{ statuses: ["open"], severities: [], services: [], text: "" },
      ...{ tenants: [tenant], environments: [environment] },
      ...{ createdFromMs: fromMs, createdBeforeMs: Date.parse(created_at) + 1 },
    };
    const items: IncidentView[] = [];
    let cursor: string | null = null;
    do {
      const some = Math.min(pageIncidents, limit - items.length);
      const query: IncidentQuery = { kind: "list", filter, limit: some, cursor };
      const answer = await this.ask(partition, query);
      if (answer.kind !== "page") break;
      items.push(...answer.page.items);
      cursor = answer.page.cursor;
    } while (cursor !== null && items.length < limit);
    return items;
  }

  async get(id: string): Promise<IncidentView | null> {
    const partition = this.partitionOfId(id);
    if (partition === null) return null;
    const answer = await this.ask(partition, { kind: "get", id });
    return answer.kind === "incident" ? answer.incident : null;
  }

  async timeline(id: string): Promise<TimelineEntry[] | null> {
    const partition = this.partitionOfId(id);
    if (partition === null) return null;
    const answer = await this.ask(partition, { kind: "timeline", id });
    return answer.kind === "timeline" ? answer.timeline : null;
  }

  async members(id: string, from: number, limit: number): Promise<IncidentMember[] | null> {
    const partition = this.partitionOfId(id);
    if (partition === null) return null;
    const answer = await this.ask(partition, { kind: "members", id, from, limit });
    return answer.kind === "members" ? answer.members : null;
  }

  private answerTo(token: string): { outcome: Promise<CommandOutcome>; release(): void } {
    let timer: NodeJS.Timeout;
    const outcome = new Promise<CommandOutcome>((resolve, reject) => {
      this.waiting.set(token, resolve);
      timer = setTimeout(() => {
        const message = "the incident's owner did not answer in time";
        reject(new RetryableError(message, { retryAfterMs: 1_000 }));
      }, commandTimeoutMs);
    });
    // An append that fails leaves this promise unobserved; its timer must not surface.
    outcome.catch(() => undefined);
    return {
      outcome,
      release: () => {
        clearTimeout(timer);
        this.waiting.delete(token);
      },
    };
  }

  private ask(partition: number, query: IncidentQuery): Promise<IncidentAnswer> {
    const owner = `incident partition ${partition}`;
    return askOwner(this.options.connection, querySubject(partition), owner, query);
  }

  private partitionOf(command: Command): number | null {
    if (command.action.kind === "create") return this.options.partitionOf(command.action.labels);
    return this.partitionOfId(command.incidentId ?? "");
  }

  private partitionOfId(id: string): number | null {
    const partition = Number(/^inc-(\d{1,5})-/.exec(id)?.[1] ?? Number.NaN);
    return partition < this.options.partitions ? partition : null;
  }
}

/** Newest first; at equal times by id, as each partition orders its own. */
function mergePages(pages: IncidentPage[], limit: number): IncidentPage {
  const items = pages.flatMap((page) => page.items);
  items.sort((a, b) =>
    a.created_at === b.created_at ? (a.id < b.id ? 1 : -1) : a.created_at < b.created_at ? 1 : -1,
  );
  const more = items.length > limit || pages.some((page) => page.cursor !== null);
  const kept = items.slice(0, limit);
  const last = kept[kept.length - 1];
  if (!more || last === undefined) return { items: kept, cursor: null };
  const cursor = cursorAt({ createdAtMs: Date.parse(last.created_at), id: last.id });
  return { items: kept, cursor };
}
