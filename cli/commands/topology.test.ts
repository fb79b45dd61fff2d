/** `tocsin topology` against the real routes of the API, with one partition's memory. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { HttpServer } from "../../ingress/http-server.ts";
import { registerServiceGraph } from "../../ingress/service-graph-routes.ts";
import { capturedIo } from "../../testing/captured-io.ts";
import { silentLog } from "../../testing/ingress-door.ts";
import { MemoryGraphs } from "../../testing/memory-graphs.ts";
import { runTocsin } from "../run-command.ts";

let server: HttpServer;
let graphs: MemoryGraphs;
let env: NodeJS.ProcessEnv;
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-topology-"));
  graphs = new MemoryGraphs("{ dependencies: { web: [shop], shop: [db], db: [disk] } }");
  server = new HttpServer({ log: silentLog });
  const topology = () => graphs.topology;
  registerServiceGraph(server.route, { graphs, topology, nowMs: Date.now });
  const { port } = await server.listen("127.0.0.1", 0);
  env = { TOCSIN_URL: `http://127.0.0.1:${port}`, USER: "ada" };
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await server.drain(100);
});

async function tocsin(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = capturedIo(env);
  const code = await runTocsin(["topology", ...args], io);
  return { code, out: io.stdout(), err: io.stderr() };
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test("the tree around a service, with circles and who says what", async () => {
  await tocsin("add", "db", "web", "tape", "--by", "bo");
  const { code, out } = await tocsin("shop");
  expect([code, out.replaceAll(/\d+m?s ago/g, "now")]).toEqual([0, `shop
├─ depends on
│  └─ db  config
│     ├─ disk  config
│     ├─ tape  api by bo now
│     └─ web  api by bo now
│        └─ shop  config  (a circle)
└─ is needed by
   └─ web  config
      └─ db  api by bo now
         └─ shop  config  (a circle)
These depend on each other in a circle:
  db, shop, web
`]);
  expect((await tocsin("show", "shop", "--depth", "1")).out).not.toContain("disk");
});

test("all edges, as a table or as JSON; an unknown service is not", async () => {
  const { out, err } = await tocsin();
  expect(out.split("\n")[1]).toMatch(/^db +disk +config$/);
  expect(err).toBe("3 edges between 4 services\n");
  const json = JSON.parse((await tocsin("--json", "--source", "api")).out) as object;
  expect(json).toEqual({ items: [], services: 0, edges: 0, cycles: [], unknown: [] });
  expect(await tocsin("shpo")).toMatchObject({
    ...{ code: 1, out: "" },
    err: "tocsin topology: the service graph does not know shpo; did you mean shop?\n",
  });
});

test("files are imported, and replace what was stated before", async () => {
  const catalog = file(
    "catalog-info.yaml",
    "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: { name: cart }\n" +
      "spec: { dependsOn: ['component:auth', 'resource:redis'] }\n",
  );
  const plain = file("services.yaml", "cart: [auth]\nauth: [ldap]\n");
  const dry = await tocsin("import", catalog, plain, "--dry-run");
  expect(dry.out).toBe("3 edges of 2 services; nothing was changed\n");
  expect(await graphs.stated()).toEqual([]);
  expect((await tocsin("import", catalog)).out).toBe("2 of 2 edges are new\n");
  const again = await tocsin("import", plain, "--replace");
  expect(again.out).toBe("1 of 2 edges are new, 1 taken back\n");
  const known = (await graphs.learnt()).edges.map((edge) => `${edge.service}>${edge.dependency}`);
  expect(known.sort()).toEqual(["auth>ldap", "cart>auth"]);
  expect((await graphs.stated()).every(({ by }) => by === "ada")).toBe(true);
});

test("a file that is not valid changes nothing, and each problem has its line", async () => {
  const bad = file("bad.yaml", "cart: [auth]\nauth: { ldap: 1 }\n");
  const { code, err } = await tocsin("import", bad);
  expect([code, err]).toEqual([1, expect.stringMatching(/bad\.yaml:2:7: auth: got a map/)]);
  expect((await tocsin("import", join(folder, "none.yaml"))).err).toContain("ENOENT");
  expect(await graphs.stated()).toEqual([]);
});

test("what the server refuses of a file is said, and the rest is stated", async () => {
  const some = file("some.yaml", "cart: [auth]\n' db': [x]\n");
  const { code, out, err } = await tocsin("import", some);
  expect([code, out]).toEqual([1, "1 of 1 edges are new\n"]);
  const refused = "refused: service: expected a name of 1 to 200 characters (got  db)\n";
  expect(err).toBe(refused);
});

test("edges are taken back; what the configuration says stays, and that is said", async () => {
  await tocsin("add", "web", "shop", "cdn", "--tenant", "acme");
  await tocsin("add", "web", "shop");
  const back = await tocsin("remove", "web", "shop");
  expect(back).toMatchObject({ out: "1 edge is taken back\n" });
  expect(back.err).toBe("web -> shop stays: it is known from config\n");
  const own = await tocsin("remove", "web", "--tenant", "acme", "--json");
  expect(JSON.parse(own.out)).toEqual({ removed: 2, still: [] });
  expect((await tocsin("remove")).code).toBe(2);
  expect((await tocsin("add", "web")).code).toBe(2);
});
