import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readGraphFile } from "./graph-files.ts";
import { loadConfig } from "./load.ts";
import { ConfigError } from "./problems.ts";

function entity(kind: string, name: string, spec: string, more = ""): string {
  const metadata = `{ name: ${name}${more} }`;
  return `apiVersion: backstage.io/v1alpha1\nkind: ${kind}\nmetadata: ${metadata}\nspec: ${spec}\n`;
}

const read = (...documents: string[]) => readGraphFile("graph.yaml", documents.join("---\n"));

function problemsOf(text: string): string[] {
  try {
    readGraphFile("graph.yaml", text);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split("\n");
    throw error;
  }
  return [];
}

describe("a map of services", () => {
  test("is read as it is, or from below `dependencies`; one name stands for a list", () => {
    const expected = { shop: ["db", "cache"], db: ["disk"] };
    expect(read("shop: [db, cache, db]\ndb: disk\nidle:\n")).toEqual(expected);
    expect(read("dependencies:\n  shop: [db, cache]\n  db: [disk]\n")).toEqual(expected);
    expect(read("")).toEqual({});
    expect(readGraphFile("f", "%YAML 1.2\n# ours\n---\nshop: db\n---\ndb: disk\n")).toEqual({
      ...{ shop: ["db"], db: ["disk"] },
    });
  });

  test("the example that ships with the program is one", () => {
    const file = new URL("../../config/service-graph.example.yaml", import.meta.url);
    const found = readGraphFile("example", readFileSync(file, "utf8"));
    expect(found).toMatchObject({ gateway: ["chat-api", "identity"], identity: ["postgres"] });
  });

  test("what is no name is told by its place, in whichever document", () => {
    expect(problemsOf("a: [b]\n---\n\nc:\n  - {d: e}\n  - f\ng: [h, 7]\n")).toEqual([
      "graph.yaml:5:5: c[0]: got a map, expected a text",
      "graph.yaml:7:8: g[1]: got 7, expected a text",
    ]);
  });
});

describe("a Backstage catalogue", () => {
  test("dependencies in both directions, of all four kinds; other kinds are passed over", () => {
    const found = read(
      entity("Component", "shop", "{ dependsOn: ['resource:default/db', 'component:auth'] }"),
      entity("Resource", "db", "{ dependencyOf: ['component:report'], dependsOn: [disk] }"),
      entity("System", "suite", "{ dependsOn: ['component:shop'] }"),
      entity("Group", "team", "{ dependsOn: nonsense }"),
      "\n",
    );
    expect(found).toEqual({
      ...{ shop: ["db", "auth"], report: ["db"], db: ["disk"], suite: ["shop"] },
    });
  });

  test("who uses an API depends on all who provide it; one that nobody provides is no edge", () => {
    const found = read(
      entity("Component", "shop", "{ consumesApis: [ledger, 'api:other/ledger', unheard-of] }"),
      entity("Component", "books", "{ providesApis: [Ledger] }"),
      entity("Component", "mirror", "{ providesApis: ['default/ledger'] }"),
      entity("Component", "far", "{ providesApis: [ledger] }", ", namespace: other"),
      entity("API", "ledger", "{ type: grpc }"),
    );
    expect(found).toEqual({ shop: ["books", "mirror", "far"] });
  });

  test("what an entity needs of itself is no edge, and takes no other with it", () => {
    const spec = "{ providesApis: [ledger], consumesApis: [ledger], dependsOn: [db, shop] }";
    expect(read(entity("Component", "shop", spec))).toEqual({ shop: ["db"] });
  });

  test("a short file that says very much is refused before it takes the memory", () => {
    const spec = "{ providesApis: [ledger], consumesApis: [ledger] }";
    const all = Array.from({ length: 400 }, (_, at) => entity("Component", `s${at}`, spec));
    expect(problemsOf(all.join("---\n"))).toEqual([
      "graph.yaml:1:1: says more than 100000 dependencies",
    ]);
  });

  test("references find entities whatever their case, by their own name or their service's", () => {
    const annotated = ', annotations: { tocsin.io/service: "db-v2" }';
    const found = read(
      entity("Component", "Shop", "{ dependsOn: ['RESOURCE:DEFAULT/DB', 'component:x/db'] }"),
      entity("Resource", "db", "{ dependencyOf: ['component:shop'] }", annotated),
    );
    expect(found).toEqual({ Shop: ["db-v2", "db"] });
  });

  test("every problem of every document is found, with its line", () => {
    const text = [
      entity("Component", "a", "{ dependsOn: ['b c', ok] }"),
      "kind: Component\napiVersion: v1\n",
      entity("Component", "d", "{ dependsOn: e }"),
      "key: [\n",
    ].join("---\n");
    expect(problemsOf(text)).toEqual([
      "graph.yaml:4:21: spec.dependsOn[0]: got \"b c\", " +
        "expected a reference to an entity: [kind:][namespace/]name",
      "graph.yaml:6:1: metadata.name is missing",
      "graph.yaml:12:20: spec.dependsOn: got \"e\", expected a list",
      expect.stringMatching(/^graph\.yaml:1[45]:\d+: not valid YAML/),
    ]);
  });
});

describe("in the configuration", () => {
  const inFolder = <T>(files: Record<string, string>, use: (file: string) => T): T => {
    const folder = mkdtempSync(join(tmpdir(), "tocsin-graph-"));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    try {
      return use(join(folder, "tocsin.yaml"));
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  const config = "correlation:\n  topology:\n    sources:\n      files: [one.yaml, two.yaml]\n";

  test("files are united, and read beside the configuration", () => {
    const files = {
      "tocsin.yaml": config,
      "one.yaml": "shop: [db]\n",
      "two.yaml": entity("Component", "shop", "{ dependsOn: ['component:auth', db] }"),
    };
    const { topology } = inFolder(files, (file) => loadConfig(file).correlation);
    expect(topology?.sources).toEqual({
      files: { shop: ["db", "auth"] },
      ...{ labels: ["depends_on"], labelsForgetMs: 7 * 86_400_000 },
      ...{ traces: true, tracesForgetMs: 86_400_000, edgesMax: 20_000 },
    });
  });

  test("a file that is not valid is a problem of the configuration, with its own place", () => {
    const files = { "tocsin.yaml": config, "one.yaml": "shop: [[db]]\n" };
    const load = () => inFolder(files, (file) => loadConfig(file));
    expect(load).toThrow(/tocsin\.yaml:4:15: .*files\[0\]: the file is not valid:/);
    expect(load).toThrow(/one\.yaml:1:8: shop\[0\]: got a list, expected a text/);
    expect(load).toThrow(/two\.yaml:1:1: cannot read the configuration: ENOENT/);
  });

  test("a graph that no record could carry is refused", () => {
    const many = Array.from({ length: 6_000 }, (_, at) => `"${"x".repeat(100)}${at}"`).join();
    const text = `correlation: { topology: { dependencies: { a: [${many}] } } }`;
    expect(() => loadConfig(null, text)).toThrow(/take \d+ bytes, at most 512KiB fit/);
  });
});
