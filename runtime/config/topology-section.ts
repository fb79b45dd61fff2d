/** The section `correlation.topology`: the service graph, where it comes from, and its use. */
import { dirname, resolve } from "node:path";
import type { Dependencies } from "../../actors/correlation/edge-set.ts";
import type { GraphSources } from "../../actors/correlation/graph-state.ts";
import type { TopologyConfig } from "../../actors/correlation/correlator.ts";
import { readConfigFile } from "./config-file.ts";
import { readDependencies, readGraphFile } from "./graph-files.ts";
import { ConfigError } from "./problems.ts";
import { formatSize } from "./units.ts";
import type { ConfigValue } from "./value.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const labelsMax = 32;
const labelCharsMax = 512;
const filesMax = 100;
/** The configuration is one record of the log, which takes a megabyte. */
const graphBytesMax = 512 * 1024;
/** Of a name beside its text. */
const nameBytes = 5;

/** @param source the file of the section; files that it names are looked for beside it. */
export function readTopology(value: ConfigValue, source: string | null): TopologyConfig {
  const section = value.section(["window", "max_depth", "dependencies", "sources"]);
  const dependencies = readDependencies(section("dependencies"));
  const sources = readSources(section("sources"), source);
  const bytes = bytesOf(dependencies) + bytesOf(sources.files);
  if (bytes > graphBytesMax) {
    const most = formatSize(graphBytesMax);
    value.problem(`the names in dependencies and files take ${bytes} bytes, at most ${most} fit`);
  }
  return {
    windowMs: section("window").duration({ default: 5 * minute, min: second, max: day }),
    depthMax: section("max_depth").integer({ default: 4, min: 1, max: 16 }),
    dependencies,
    sources,
  };
}

function readSources(value: ConfigValue, source: string | null): GraphSources {
  const section = value.section([
    ...["files", "labels", "labels_forget_after", "traces", "traces_forget_after", "edges_max"],
  ]);
  const labels = section("labels");
  const forget = { min: minute, max: 365 * day };
  const base = source === null ? process.cwd() : dirname(resolve(source));
  const files = section("files").list(filesMax).map((file) => readFile(file, base));
  return {
    files: united(files),
    labels: labels.present ? readLabels(labels) : ["depends_on"],
    labelsForgetMs: section("labels_forget_after").duration({ default: 7 * day, ...forget }),
    traces: section("traces").flag(true),
    tracesForgetMs: section("traces_forget_after").duration({ default: day, ...forget }),
    edgesMax: section("edges_max").integer({ default: 20_000, min: 1, max: 100_000 }),
  };
}

/** Its problems are problems of this reading. */
function readFile(value: ConfigValue, base: string): Dependencies {
  const name = value.text();
  if (name === "") return {};
  const file = resolve(base, name);
  try {
    return readGraphFile(file, readConfigFile(file));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    value.problem(`the file is not valid:\n${error.message}`);
    return {};
  }
}

function united(files: Dependencies[]): Dependencies {
  const all = new Map<string, Set<string>>();
  for (const [service, list] of files.flatMap((file) => Object.entries(file))) {
    const known = all.get(service) ?? new Set();
    for (const dependency of list) known.add(dependency);
    all.set(service, known);
  }
  return Object.fromEntries([...all].map(([service, set]) => [service, [...set]]));
}

function bytesOf(dependencies: Dependencies): number {
  let bytes = 0;
  for (const [service, list] of Object.entries(dependencies)) {
    for (const name of [service, ...list]) bytes += Buffer.byteLength(name) + nameBytes;
  }
  return bytes;
}

function readLabels(value: ConfigValue): string[] {
  return value.list(labelsMax).map((each) => {
    const label = each.text();
    if (label.length > labelCharsMax) each.expected(`at most ${labelCharsMax} characters`);
    return label;
  });
}
