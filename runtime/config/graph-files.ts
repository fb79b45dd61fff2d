/**
 * Files that say which service depends on which: a map of services in YAML, or the entities of a
 * Backstage catalogue (catalog-info.yaml, one document each).
 *
 *   Component, Resource, API, System   spec.dependsOn, spec.dependencyOf
 *   Component                          spec.consumesApis: depends on whoever provides them
 *
 * References are Backstage's, [kind:][namespace/]name, whatever their case. A service is called as
 * its entity, or as the annotation tocsin.io/service says. Other kinds are passed over.
 */
import type { Dependencies } from "../../actors/correlation/edge-set.ts";
import { isServiceName, serviceCharsMax } from "../../actors/correlation/service-names.ts";
import { ConfigError, type Problem } from "./problems.ts";
import { Reading } from "./reading.ts";
import { ConfigValue } from "./value.ts";

const placesMax = 200_000;
const documentsMax = 20_000;
const refsMax = 10_000;
const servicesMax = 20_000;
/** More than fit into a configuration, or one request. */
const edgesMax = 100_000;
const kinds = ["component", "resource", "api", "system"];
const nameAnnotation = "tocsin.io/service";

type Ref = { kind: string; namespace: string; name: string };
type Entity = Ref & { service: string; spec: Map<string, ConfigValue> };
type Document = { reading: Reading; root: ConfigValue };

/** @throws ConfigError with all problems of the file. */
export function readGraphFile(file: string, text: string): Dependencies {
  const problems: Problem[] = [];
  const documents = documentsOf(file, text, problems);
  const isCatalog = documents.some(({ root }) => fieldsOf(root).has("apiVersion"));
  const edges = new Edges(file);
  if (isCatalog) readCatalog(documents, edges);
  else for (const { root } of documents) readMap(root, edges);
  for (const { reading } of documents) problems.push(...reading.problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return edges.said();
}

/** What a map says: each service, and a list of those that it depends on, or a single one. */
export function readDependencies(
  value: ConfigValue,
  edges = new Edges(value.position().file),
): Dependencies {
  for (const [service, list] of value.entries(servicesMax)) {
    if (!isServiceName(service)) list.problem(`the key is not ${aName}`);
    const single = list.present ? [list] : [];
    for (const each of list.isList() ? list.list(refsMax) : single) {
      const dependency = each.text();
      if (isServiceName(dependency)) edges.add(service, dependency);
      else if (dependency !== "") each.expected(aName);
    }
  }
  return edges.said();
}

const aName = `a service's name of at most ${serviceCharsMax} characters`;

class Edges {
  readonly #said = new Map<string, Set<string>>();
  readonly #file: string;
  #count = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** What an entity needs of itself, such as an API that it provides as well, is no edge. */
  add(service: string, dependency: string): void {
    if (service === dependency) return;
    let known = this.#said.get(service);
    if (known === undefined) this.#said.set(service, (known = new Set()));
    if (known.has(dependency)) return;
    // A short file can say many: all who consume an API depend on all who provide it.
    this.#count += 1;
    if (this.#count > edgesMax) {
      const message = `says more than ${edgesMax} dependencies`;
      throw new ConfigError([{ file: this.#file, line: 1, column: 1, path: "", message }]);
    }
    known.add(dependency);
  }

  said(): Dependencies {
    return Object.fromEntries([...this.#said].map(([service, set]) => [service, [...set]]));
  }
}

/** The map itself, or what stands under `dependencies`. */
function readMap(root: ConfigValue, edges: Edges): void {
  const inner = fieldsOf(root).get("dependencies");
  readDependencies(inner?.isMap() === true ? inner : root, edges);
}

/** A line that begins with "---" begins a document, whatever stands around it. */
function documentsOf(file: string, text: string, problems: Problem[]): Document[] {
  const [head = "", next, ...others] = text.split(/^(?=---(?:\s|$))/m);
  const texts = isDirectives(head) && next !== undefined ? [head + next] : [head, next ?? ""];
  for (const other of others) texts.push(other);
  const documents: Document[] = [];
  let firstLine = 1;
  for (const [at, one] of texts.entries()) {
    if (at >= documentsMax) {
      const message = `more than ${documentsMax} documents`;
      problems.push({ file, line: firstLine, column: 1, path: "", message });
      break;
    }
    try {
      const reading = new Reading(file, one, { placesMax, firstLine });
      const root = new ConfigValue(reading, reading.document.contents, "", null);
      if (root.present) documents.push({ reading, root });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
    }
    firstLine += one.split("\n").length - 1;
  }
  return documents;
}

/** "%YAML 1.2" and the like stand before the line that begins their document. */
function isDirectives(text: string): boolean {
  return text.startsWith("%") && text.split("\n").every((line) => /^[%#]|^\s*$/.test(line));
}

function readCatalog(documents: Document[], edges: Edges): void {
  const entities = documents.flatMap(({ root }) => readEntity(root) ?? []);
  const services = new Map(entities.map((entity) => [keyOf(entity), entity.service]));
  const providers = new Map<string, string[]>();
  for (const entity of entities) {
    for (const api of refsOf(entity, "providesApis", "api")) {
      const known = providers.get(keyOf(api));
      if (known === undefined) providers.set(keyOf(api), [entity.service]);
      else known.push(entity.service);
    }
  }
  const servicesOf = (ref: Ref): string[] =>
    ref.kind === "api"
      ? (providers.get(keyOf(ref)) ?? [])
      : [services.get(keyOf(ref)) ?? ref.name];
  for (const entity of entities) {
    const upstream = [
      ...refsOf(entity, "dependsOn", "component"),
      ...refsOf(entity, "consumesApis", "api"),
    ];
    for (const ref of upstream) {
      for (const service of servicesOf(ref)) edges.add(entity.service, service);
    }
    for (const ref of refsOf(entity, "dependencyOf", "component")) {
      for (const service of servicesOf(ref)) edges.add(service, entity.service);
    }
  }
}

/** Null: it is of a kind that says nothing about dependencies, or it is at fault. */
function readEntity(root: ConfigValue): Entity | null {
  const fields = fieldsOf(root);
  const kind = textOf(root, fields.get("kind"), "kind").toLowerCase();
  if (!kinds.includes(kind)) return null;
  const metadata = fields.get("metadata") ?? root;
  const about = metadata === root ? new Map<string, ConfigValue>() : fieldsOf(metadata);
  const name = textOf(metadata, about.get("name"), "metadata.name");
  if (name === "") return null;
  const namespace = about.get("namespace")?.text("default") ?? "default";
  const annotations = about.get("annotations");
  const called = annotations === undefined ? null : fieldsOf(annotations).get(nameAnnotation);
  const service = called?.text() ?? name;
  if (!isServiceName(service)) (called ?? metadata).expected(aName);
  const spec = fields.get("spec");
  return { kind, namespace, name, service, spec: spec ? fieldsOf(spec) : new Map() };
}

function textOf(owner: ConfigValue, value: ConfigValue | undefined, name: string): string {
  if (value === undefined) owner.problem(`${name} is missing`);
  return value?.text() ?? "";
}

function refsOf({ spec, namespace }: Entity, field: string, kind: string): Ref[] {
  return (spec.get(field)?.list(refsMax) ?? []).flatMap((value) => {
    const text = value.text();
    const [, ofKind = kind, within = namespace, name] =
      /^(?:([^\s:/]+):)?(?:([^\s:/]+)\/)?([^\s:/]+)$/.exec(text) ?? [];
    if (name !== undefined && isServiceName(name)) {
      return [{ kind: ofKind.toLowerCase(), namespace: within, name }];
    }
    if (text !== "") value.expected("a reference to an entity: [kind:][namespace/]name");
    return [];
  });
}

function keyOf({ kind, namespace, name }: Ref): string {
  return `${kind}:${namespace}/${name}`.toLowerCase();
}

function fieldsOf(value: ConfigValue): Map<string, ConfigValue> {
  return new Map(value.entries(servicesMax));
}
