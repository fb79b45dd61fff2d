/**
 * The few settings that the command line and the environment may give. Precedence: flags, then
 * environment, then the file, then defaults. Pure: the caller hands over argv and environment.
 */
import { nearestWord } from "./nearest-word.ts";
import { parseListen } from "./listen.ts";
import type { HostPort, TocsinConfig } from "./types.ts";

export type Options = {
  /** Null: the shipped file (load.ts). */
  configFile: string | null;
  listen: HostPort | null;
  dataDir: string | null;
  natsUrl: string | null;
  clickhouseUrl: string | null;
  /** Where people reach this installation, without a slash at the end; null: where it listens. */
  externalUrl: string | null;
  /** What all paths begin with, e.g. "/alerts"; "" for nothing. */
  routePrefix: string;
  /** Flags of Alertmanager's that were given and mean nothing here. */
  ignored: string[];
  /** What `shards: auto` means on this machine. */
  shardsAuto: number;
  /** What `listeners: auto` means on this machine. */
  listenersAuto: number;
};

export type ResolvedOptions =
  | { kind: "run"; options: Options }
  | { kind: "help"; text: string }
  | { kind: "version" }
  /** A sentence to print; exit code 2. */
  | { kind: "refused"; message: string };

/** A door keeps this many processors busy, most of them behind it. */
const cpusPerListener = 4;

const flagToEnv: Record<string, string> = {
  "--config": "TOCSIN_CONFIG",
  "--listen": "TOCSIN_LISTEN",
  "--data": "TOCSIN_DATA",
  "--external-url": "TOCSIN_EXTERNAL_URL",
  "--route-prefix": "TOCSIN_ROUTE_PREFIX",
};

/** What Alertmanager calls these. */
const synonyms: Record<string, string> = {
  "--config.file": "--config",
  "--web.listen-address": "--listen",
  "--storage.path": "--data",
  "--web.external-url": "--external-url",
  "--web.route-prefix": "--route-prefix",
};

/** Flags of Alertmanager's whose purpose is served otherwise or not at all. */
const ignoredFlags = /^--(?:cluster|log|data|alerts|silences|web|dispatch|auto-gomaxprocs)[.-]/;

export const helpText = `Tocsin: a durable stream processor for alerts.

Usage: npm start -- [--config FILE] [--listen HOST:PORT] [--data DIR] [...]

  --config FILE       configuration, YAML; default: config/tocsin.yaml  (TOCSIN_CONFIG)
  --listen HOST:PORT  where to serve HTTP; default 127.0.0.1:9093,
                      port 0 picks a free one                           (TOCSIN_LISTEN)
  --data DIR          where everything is kept; default ./.tocsin       (TOCSIN_DATA)
  --external-url URL  where people reach this installation, for links in
                      messages; default: where it listens      (TOCSIN_EXTERNAL_URL)
  --route-prefix PATH what all paths begin with; default: the path of
                      --external-url                           (TOCSIN_ROUTE_PREFIX)
  --help, --version

Alertmanager's own flags are understood as well: --config.file, --web.listen-address,
--storage.path, --web.external-url, --web.route-prefix; others of its flags have no effect.
FILE may be an alertmanager.yml. SIGHUP or POST /-/reload read it anew.

Environment: NATS_URL and CLICKHOUSE_URL name servers of your own; without them Tocsin runs
an nats-server and an embedded ClickHouse inside the data directory. TOCSIN_ADMIN_KEY is an API
key with all scopes, where the configuration asks for keys (docs/api-keys.md).

Examples:
  npm start
  npm start -- --config my.yaml --listen 127.0.0.1:0 --data /var/lib/tocsin
  npm start -- --config alertmanager.yml
  NATS_URL=nats://10.0.0.5:4222 npm start

When it is ready, one line of JSON with the key "listening" is printed. Other commands:
npx tocsin help
`;

/** @param argv arguments after the program's name. */
export function resolveOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  cpuCount: number,
): ResolvedOptions {
  const flags = new Map<string, string>();
  const ignored: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const [given, inline] = split(argv[i]!);
    const name = synonyms[given] ?? given;
    if (name === "--help" || name === "-h") return { kind: "help", text: helpText };
    if (name === "--version") return { kind: "version" };
    if (!Object.hasOwn(flagToEnv, name)) {
      if (!ignoredFlags.test(name)) return refused(unknownArgument(name));
      ignored.push(name);
      const next = argv[i + 1];
      if (inline === undefined && next !== undefined && !next.startsWith("-")) i++;
      continue;
    }
    const value = inline ?? argv[++i];
    if (value === undefined || value === "") return refused(`${name} needs a value`);
    if (flags.has(name)) return refused(`${name} is given twice`);
    flags.set(name, value);
  }
  const given = (flag: string): [string, string] | null => {
    const value = flags.get(flag);
    if (value !== undefined) return [flag, value];
    const fromEnv = env[flagToEnv[flag]!];
    return fromEnv ? [flagToEnv[flag]!, fromEnv] : null;
  };
  let listen: HostPort | null = null;
  const address = given("--listen");
  if (address !== null) {
    const parsed = parseListen(address[1]);
    if ("problem" in parsed) return refused(`${address[0]}: ${parsed.problem}`);
    listen = parsed;
  }
  const external = readExternal(given("--external-url"), given("--route-prefix"));
  if ("problem" in external) return refused(external.problem);
  const options: Options = {
    ...external,
    ignored,
    configFile: given("--config")?.[1] ?? null,
    listen,
    dataDir: given("--data")?.[1] ?? null,
    natsUrl: env["NATS_URL"] || null,
    clickhouseUrl: env["CLICKHOUSE_URL"] || null,
    shardsAuto: Math.max(1, cpuCount - 1),
    listenersAuto: Math.max(1, Math.floor(cpuCount / cpusPerListener)),
  };
  return { kind: "run", options };
}

type Given = [name: string, value: string] | null;

function readExternal(
  url: Given,
  prefix: Given,
): Pick<Options, "externalUrl" | "routePrefix"> | { problem: string } {
  let path = "";
  let externalUrl: string | null = null;
  if (url !== null) {
    const parsed = URL.canParse(url[1]) ? new URL(url[1]) : null;
    if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
      return { problem: `${url[0]}: got ${url[1]}, expected an http:// or https:// URL` };
    }
    path = parsed.pathname;
    externalUrl = `${parsed.origin}${path}`.replace(/\/+$/, "");
  }
  const routePrefix = `/${prefix === null ? path : prefix[1]}`.replace(/^\/+|\/+$/g, "");
  if (/[?#\s]/.test(routePrefix)) {
    return { problem: `${prefix?.[0] ?? ""}: got ${routePrefix}, expected a path such as /alerts` };
  }
  return { externalUrl, routePrefix: routePrefix === "" ? "" : `/${routePrefix}` };
}

/** The configuration that is in force: the file's, overridden by flags and environment. */
export function withOptions(
  config: TocsinConfig,
  options: Options,
): TocsinConfig & { shards: number; listeners: number } {
  return Object.freeze({
    ...config,
    listen: options.listen ?? config.listen,
    dataDir: options.dataDir ?? config.dataDir,
    shards: config.shards === "auto" ? options.shardsAuto : config.shards,
    listeners: config.listeners === "auto" ? options.listenersAuto : config.listeners,
    nats: Object.freeze({ ...config.nats, url: options.natsUrl ?? config.nats.url }),
    clickhouse: Object.freeze({
      ...config.clickhouse,
      url: options.clickhouseUrl ?? config.clickhouse.url,
    }),
  });
}

function split(argument: string): [string, string | undefined] {
  const equals = argument.indexOf("=");
  if (!argument.startsWith("--") || equals === -1) return [argument, undefined];
  return [argument.slice(0, equals), argument.slice(equals + 1)];
}

function unknownArgument(name: string): string {
  const near = nearestWord(name, [...Object.keys(flagToEnv), "--help", "--version"]);
  return `unknown argument ${name}${near === null ? "" : `; did you mean ${near}?`} (see --help)`;
}

function refused(message: string): ResolvedOptions {
  return { kind: "refused", message };
}
