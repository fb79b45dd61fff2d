/**
 * The configuration in force, and its exchange for another while the program runs: all of it or
 * nothing. What a file says of the process itself (addresses, partitions, engines, limits) is for
 * the next start; the answer says so.
 */
import { readFileSync } from "node:fs";
import type { Logger } from "pino";
import { compileRoutes } from "./actors/dispatch/routes.ts";
import { checkReceivers } from "./channels/receivers.ts";
import { openTemplateRenderer, type TemplateRenderer } from "./channels/templates/renderer.ts";
import { TemplateError } from "./channels/templates/template-error.ts";
import type { Routes } from "./ingress/alertmanager-api/alerts.ts";
import type { ReloadOutcome, Reloads } from "./ingress/reload-routes.ts";
import type { AlertmanagerConfig } from "./runtime/config/alertmanager/load.ts";
import { dedupConfig, incidentConfig } from "./runtime/config/actor-configs.ts";
import { loadConfiguration } from "./runtime/config/load.ts";
import { ConfigError, formatProblem } from "./runtime/config/problems.ts";
import type { TocsinConfig } from "./runtime/config/types.ts";
import { RetryableError, TerminalError } from "./runtime/errors.ts";
import type { Log } from "./runtime/ports.ts";
import { announceConfig } from "./streams/control-records.ts";
import type { PartitionCounts } from "./streams/deployment.ts";

type InForce = { config: TocsinConfig; routes: Routes | null; renderer: TemplateRenderer };

/** Sections that are read once, when the process starts. */
const startSections = [
  ...(["listen", "dataDir", "partitions", "shards", "listeners", "nats", "clickhouse"] as const),
  ...(["ingest", "redaction", "auth", "sources", "textModels"] as const),
];

export class LiveConfig implements Reloads {
  readonly #file: string;
  readonly #log: Logger;
  #inForce: InForce;
  /** Partitions to tell, once there are any. */
  #announce: ((config: TocsinConfig) => Promise<void>) | null = null;
  #reloading: Promise<ReloadOutcome> | null = null;
  /** Called after each reload that succeeded. */
  reloaded: () => void = () => {};
  /** `atMs`: when the configuration in force was read. */
  last = { succeeded: true, atMs: Date.now() };

  private constructor(file: string, inForce: InForce, log: Logger) {
    this.#file = file;
    this.#inForce = inForce;
    this.#log = log;
  }

  /** @throws ConfigError | TerminalError that say what is wrong. */
  static async open(file: string, log: Logger): Promise<LiveConfig> {
    const inForce = await prepare(loadConfiguration(file));
    warn(inForce.config, log);
    return new LiveConfig(file, inForce, log);
  }

  get config(): TocsinConfig {
    return this.#inForce.config;
  }

  get routes(): Routes | null {
    return this.#inForce.routes;
  }

  get renderer(): TemplateRenderer {
    return this.#inForce.renderer;
  }

  /** Brings the configuration to the partitions, now and after each reload (I11). */
  async announce(log: Log, partitions: PartitionCounts): Promise<void> {
    this.#announce = (config) =>
      announceConfig(log, partitions, dedupConfig(config), incidentConfig(config));
    await this.#announce(this.config);
  }

  /** Several at once are one. Never rejects: a bad file leaves everything as it is. */
  reload(): Promise<ReloadOutcome> {
    this.#reloading ??= this.#reload().finally(() => {
      this.#reloading = null;
    });
    return this.#reloading;
  }

  async close(): Promise<void> {
    await this.renderer.close();
  }

  async #reload(): Promise<ReloadOutcome> {
    const outcome = await this.#exchange();
    this.last.succeeded = outcome.kind === "done";
    if (outcome.kind === "done") {
      this.last.atMs = Date.now();
      this.reloaded();
      this.#log.info({ file: this.#file, nextStart: outcome.nextStart }, "configuration reloaded");
    } else {
      this.#log.error({ file: this.#file, why: outcome.why }, "configuration not reloaded");
    }
    return outcome;
  }

  async #exchange(): Promise<ReloadOutcome> {
    const before = this.#inForce;
    try {
      const read = loadConfiguration(this.#file);
      const nextStart = startSections.filter(
        (section) => JSON.stringify(read[section]) !== JSON.stringify(before.config[section]),
      );
      const kept = Object.fromEntries(nextStart.map((name) => [name, before.config[name]]));
      const after = await prepare({ ...read, ...kept });
      warn(after.config, this.#log);
      // Deliveries have to know a receiver before a partition decides to tell it something.
      this.#inForce = after;
      await this.#announce?.(after.config);
      await before.renderer.close();
      return { kind: "done", nextStart };
    } catch (error) {
      await this.#goBackTo(before);
      return { kind: "failed", why: this.#reasonOf(error) };
    }
  }

  /** Some partitions may have heard of the configuration that failed. */
  async #goBackTo(before: InForce): Promise<void> {
    const failed = this.#inForce;
    if (failed === before) return;
    this.#inForce = before;
    await failed.renderer.close();
    await this.#announce?.(before.config).catch((error: unknown) => {
      const text = "some partitions may have a configuration that is not in force; reload again";
      this.#log.error({ err: error }, text);
    });
  }

  #reasonOf(error: unknown): string {
    const isOurs = error instanceof ConfigError || error instanceof TerminalError;
    if (isOurs || error instanceof RetryableError) return error.message;
    this.#log.error({ err: error }, "a reload failed unexpectedly");
    return "an unexpected error; the log says which";
  }
}

/** Whatever can fail about a configuration fails here. */
async function prepare(config: TocsinConfig): Promise<InForce> {
  checkReceivers(config.receivers);
  const { alertmanager } = config;
  const routes = alertmanager === null ? null : routesOf(alertmanager);
  const files = (alertmanager?.templateFiles ?? []).map((name) => ({ name, text: readText(name) }));
  const renderer = await openTemplateRenderer(files).catch((error: unknown) => {
    if (!(error instanceof TemplateError)) throw error;
    throw new TerminalError(`templates: ${error.message}`, { cause: error });
  });
  return { config, routes, renderer };
}

function routesOf({ dispatch, receivers }: AlertmanagerConfig): Routes {
  const receiverLabels = Object.fromEntries(receivers.map(({ name, labels }) => [name, labels]));
  return { config: dispatch, root: compileRoutes(dispatch.route), receiverLabels };
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new TerminalError(`templates: ${(error as Error).message}`, { cause: error });
  }
}

function warn({ alertmanager }: TocsinConfig, log: Logger): void {
  for (const warning of alertmanager?.warnings ?? []) log.warn(formatProblem(warning));
  for (const { receiver, kind, file, line, column } of alertmanager?.notDelivered ?? []) {
    const where = `${file}:${line}:${column}`;
    log.warn(`${where}: receiver ${receiver}: ${kind} is not delivered yet, nothing is sent to it`);
  }
}
