/** `tocsin topology`: which service depends on which, who says so, and stating it. */
import type { Dependencies } from "../../actors/correlation/edge-set.ts";
import { isServiceName, serviceCharsMax } from "../../actors/correlation/service-names.ts";
import { readConfigFile } from "../../runtime/config/config-file.ts";
import { readGraphFile } from "../../runtime/config/graph-files.ts";
import { ConfigError } from "../../runtime/config/problems.ts";
import { apiOf } from "../api.ts";
import { paintFor } from "../colours.ts";
import { EXIT } from "../command.ts";
import type { Io } from "../command.ts";
import { CommandFailure, defineCommand, type Flags, usageError } from "../define-command.ts";
import { plain } from "../plain-text.ts";
import { readGraph, refuseUnknown, stateEdges, takeBackEdge } from "../topology-api.ts";
import { cyclesText, edgeTable, treeAround } from "../topology-text.ts";

const help = `tocsin topology [show] [SERVICE] [--depth N] [--tenant T] [--source S]
tocsin topology import FILE… [--replace] [--dry-run] [--tenant T]
tocsin topology add SERVICE DEPENDENCY… [--tenant T]
tocsin topology remove SERVICE [DEPENDENCY…] [--tenant T]

The service graph that correlation follows. Without a SERVICE all edges are listed; with one, the
tree of what it depends on and of what needs it, with the source of each edge: config and file
(the configuration), api (stated here or over HTTP), traces (metrics of traces), labels (of alerts).

import states the edges of files: a map of services in YAML (shop: [db, cache]), or the entities
of a Backstage catalogue (catalog-info.yaml). With --replace, edges that were stated before and are
in none of the files are taken back. add and remove are for single edges; an edge that another
source knows as well stays.

  --depth N    steps from SERVICE (1 to 16, default 3)
  --tenant T   show: edges that tenant T meets; else: for tenant T alone (default: for everybody)
  --source S   only edges that are known from config, file, api, traces or labels
  --replace    import: these edges and no others
  --dry-run    import: only read the files, and say what is in them
  --by NAME    who states it (default: $USER)
  --json       as JSON
  --url URL    where Tocsin is (TOCSIN_URL, default http://127.0.0.1:9093)

Examples
  tocsin topology
  tocsin topology checkout --depth 2
  tocsin topology import catalog-info.yaml services.yaml --replace
  tocsin topology add checkout payments ledger
  tocsin topology remove checkout ledger
  tocsin topology --json | jq -r '.items[] | "\\(.service) -> \\(.depends_on)"'
`;

const actions = ["show", "import", "add", "remove"];

async function run(flags: Flags, io: Io): Promise<number> {
  const [first = "show", ...rest] = flags.positionals;
  if (!actions.includes(first)) return show(flags, io, flags.positionals);
  if (first === "show") return show(flags, io, rest);
  if (first === "import") return importFiles(flags, io, rest);
  return first === "add" ? add(flags, io, rest) : remove(flags, io, rest);
}

async function show(flags: Flags, io: Io, names: string[]): Promise<number> {
  const [service, ...more] = names;
  if (more.length > 0) throw usageError("give one service, or none for all edges");
  const query = new URLSearchParams();
  const depth = flags.number("depth", 1, 16, 3);
  if (service !== undefined) {
    query.set("service", named(service));
    query.set("depth", String(depth));
  }
  for (const name of ["tenant", "source"]) {
    const value = flags.text(name);
    if (value !== null) query.set(name, value);
  }
  const api = apiOf(flags, io);
  const graph = await readGraph(api, query);
  await refuseUnknown(api, graph);
  if (flags.has("json")) {
    io.out(`${JSON.stringify(graph, null, 2)}\n`);
    return EXIT.ok;
  }
  const look = { paint: paintFor(io), nowMs: Date.now() };
  if (service !== undefined) io.out(treeAround(service, graph, look) + cyclesText(graph));
  else if (graph.items.length === 0) io.out("The service graph has no edges.\n");
  else {
    io.out(edgeTable(graph, look));
    io.err(`${graph.edges} edges between ${graph.services} services\n${cyclesText(graph)}`);
  }
  return EXIT.ok;
}

async function importFiles(flags: Flags, io: Io, files: string[]): Promise<number> {
  if (files.length === 0) throw usageError("which file? Give YAML, e.g. catalog-info.yaml");
  const all: Dependencies = Object.create(null) as Dependencies;
  for (const file of files) {
    for (const [service, list] of Object.entries(readFile(file))) {
      all[service] = [...new Set([...(all[service] ?? []), ...list])];
    }
  }
  const edges = Object.values(all).reduce((sum, list) => sum + list.length, 0);
  if (flags.has("dry-run")) {
    if (flags.has("json")) io.out(`${JSON.stringify({ dependencies: all, edges })}\n`);
    else io.out(`${edges} edges of ${Object.keys(all).length} services; nothing was changed\n`);
    return EXIT.ok;
  }
  if (edges === 0) throw new CommandFailure("there are no dependencies in what was given");
  return state(flags, io, all, flags.has("replace"));
}

function readFile(file: string): Dependencies {
  try {
    return readGraphFile(file, readConfigFile(file));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new CommandFailure(`nothing was changed:\n${plainLines(error.message)}`);
  }
}

const plainLines = (text: string): string => text.split("\n").map(plain).join("\n");

async function add(flags: Flags, io: Io, names: string[]): Promise<number> {
  const [service, ...upstream] = names.map(named);
  if (service === undefined || upstream.length === 0) {
    throw usageError("give a service, and what it depends on");
  }
  return state(flags, io, { [service]: upstream }, false);
}

async function state(
  flags: Flags,
  io: Io,
  dependencies: Dependencies,
  isReplacing: boolean,
): Promise<number> {
  const by = flags.text("by") ?? (io.env["USER"] || io.env["LOGNAME"] || "cli");
  const more = { tenant: flags.text("tenant"), by };
  const done = await stateEdges(apiOf(flags, io), dependencies, more, isReplacing);
  if (flags.has("json")) io.out(`${JSON.stringify(done)}\n`);
  else {
    const back = isReplacing ? `, ${done.removed} taken back` : "";
    io.out(`${done.added} of ${done.accepted} edges are new${back}\n`);
    for (const { field, reason, value } of done.rejected) {
      io.err(`refused: ${plain(field)}: ${plain(reason)} (got ${plain(value)})\n`);
    }
    const more = done.rejectedTotal - done.rejected.length;
    if (more > 0) io.err(`and ${more} more are refused\n`);
  }
  return done.rejectedTotal === 0 ? EXIT.ok : EXIT.failed;
}

async function remove(flags: Flags, io: Io, names: string[]): Promise<number> {
  const [service, ...upstream] = names.map(named);
  if (service === undefined) throw usageError("which edge? Give a service, and what it depends on");
  const api = apiOf(flags, io);
  const each = upstream.length === 0 ? [null] : upstream;
  let removed = 0;
  const still = [];
  for (const dependency of each) {
    const done = await takeBackEdge(api, service, dependency, flags.text("tenant"));
    removed += done.removed;
    still.push(...done.still);
  }
  if (flags.has("json")) {
    io.out(`${JSON.stringify({ removed, still })}\n`);
    return EXIT.ok;
  }
  io.out(`${removed} ${removed === 1 ? "edge is" : "edges are"} taken back\n`);
  for (const { depends_on: name, sources } of still) {
    const known = sources.map(({ source }) => source).join(", ");
    io.err(`${plain(service)} -> ${plain(name)} stays: it is known from ${plain(known)}\n`);
  }
  return EXIT.ok;
}

function named(text: string): string {
  if (isServiceName(text)) return text;
  throw usageError(`got "${plain(text)}", expected a name of 1 to ${serviceCharsMax} characters`);
}

export const command = defineCommand({
  name: "topology",
  summary: "show which service depends on which, and state it",
  help,
  options: {
    ...{ depth: "text", tenant: "text", source: "text", replace: "switch" },
    ...{ "dry-run": "switch", by: "text" },
  },
  run,
});
