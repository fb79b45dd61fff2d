/** `tocsin keys` against the real routes, with and without keys being asked for. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Admission } from "../../ingress/admission.ts";
import { HttpServer } from "../../ingress/http-server.ts";
import { registerKeys } from "../../ingress/key-routes.ts";
import { createKey, keyText, revokeKey, rotateKey, secretHash } from "../../runtime/api-keys.ts";
import { bootstrapFile, closeBootstrap, openBootstrap } from "../../runtime/bootstrap-key.ts";
import { KeyRing } from "../../runtime/key-ring.ts";
import type { RateLimits } from "../../runtime/rate-limits.ts";
import { rateMemory } from "../../runtime/rate-limits.ts";
import type { ApiKeys } from "../../runtime/services.ts";
import { capturedIo } from "../../testing/captured-io.ts";
import { silentLog } from "../../testing/ingress-door.ts";
import { runTocsin } from "../run-command.ts";

const limits: RateLimits = {
  ...{ key_alerts: null, key_requests: null, tenant_alerts: null, tenant_requests: null },
  burstMs: 1_000,
};
let dataDir: string;
let ring: KeyRing;
let servers: HttpServer[] = [];
let env: NodeJS.ProcessEnv = {};

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "tocsin-keys-"));
  ring = new KeyRing();
  env = {};
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.drain(100)));
  rmSync(dataDir, { recursive: true, force: true });
});

/** Keys in memory, as the bucket's adapter makes them. */
function memoryKeys(): ApiKeys {
  let serial = 0;
  const known = (id: string) => ring.list().find((key) => key.id === id) ?? null;
  return {
    list: () => ring.list(),
    async create(wish) {
      serial += 1;
      const secret = `secret${serial}`;
      const key = createKey(`id${serial}`, secretHash(secret), wish, Date.now());
      ring.put(key, serial);
      if (wish.scopes.includes("admin")) closeBootstrap(dataDir, ring);
      return { key, text: keyText(key.id, secret) };
    },
    async rotate(id, overlapMs) {
      const before = known(id);
      if (before === null) return null;
      serial += 1;
      const secret = `secret${serial}`;
      const key = rotateKey(before, secretHash(secret), overlapMs, Date.now());
      ring.put(key, serial);
      return { key, text: keyText(id, secret) };
    },
    async revoke(id) {
      const before = known(id);
      if (before === null) return null;
      serial += 1;
      const key = revokeKey(before, Date.now());
      ring.put(key, serial);
      return key;
    },
  };
}

async function serve(isOpen: boolean): Promise<void> {
  const rates = rateMemory();
  const admission = isOpen
    ? null
    : new Admission({ ring, limits, rates, nowMs: Date.now, clockMs: () => performance.now() });
  const server = new HttpServer({ log: silentLog, admission });
  servers.push(server);
  registerKeys(server.route, { keys: memoryKeys(), nowMs: Date.now, log: silentLog });
  const { port } = await server.listen("127.0.0.1", 0);
  env["TOCSIN_URL"] = `http://127.0.0.1:${port}`;
}

async function tocsin(...args: string[]) {
  const io = capturedIo(env);
  const code = await runTocsin(["keys", ...args], io);
  return { code, out: io.stdout(), err: io.stderr() };
}

test("the first admin key comes from the data directory, once", async () => {
  expect(openBootstrap(dataDir, ring, Date.now())).toBe(true);
  expect(statSync(bootstrapFile(dataDir)).mode & 0o777).toBe(0o600);
  await serve(false);
  const refused = await tocsin("list");
  expect([refused.code, refused.err]).toEqual([
    1,
    expect.stringMatching(/needs an API key.*Here it is taken from TOCSIN_KEY\.\n$/),
  ]);
  const first = await tocsin("create", "--bootstrap", "--data", dataDir);
  expect([first.code, first.out]).toEqual([0, "tcn_id1_secret1\n"]);
  expect(first.err).toBe(
    "This is key id1 (admin: ingest, read, respond, admin).\nIt is not shown again.\n",
  );
  const again = await tocsin("create", "--bootstrap", "--data", dataDir);
  expect([again.code, again.err]).toEqual([1, expect.stringContaining("bootstrap.key (ENOENT)")]);
  env["TOCSIN_KEY"] = first.out.trim();
  const { out } = await tocsin("list", "--json");
  expect(JSON.parse(out)).toMatchObject({ items: [{ id: "id1", state: "valid", tenant: null }] });
  expect(out).not.toMatch(/secret1|sha256|[0-9a-f]{64}/);
  expect(openBootstrap(dataDir, ring, Date.now())).toBe(false);
});

test("create, list, rotate, revoke", async () => {
  await serve(true);
  const wish = ["--name", "ci", "--scope", "ingest,read", "--tenant", "shop", "--rate", "500/s"];
  const made = await tocsin("create", ...wish, "--expires", "90d", "--json");
  expect(JSON.parse(made.out)).toMatchObject({
    ...{ id: "id1", name: "ci", scopes: ["ingest", "read"], tenant: "shop", rate: "500/s" },
    ...{ key: "tcn_id1_secret1", state: "valid", service: null, revoked_at: null },
  });
  const table = (await tocsin()).out.split("\n");
  expect(table[0]).toMatch(/^ID +STATE +SCOPES +TENANT +SERVICE +RATE +EXPIRES +NAME$/);
  expect(table[1]).toMatch(/^id1 +valid +ingest,read +shop +- +500\/s +in (90|89)d +ci$/);
  const rotated = await tocsin("rotate", "id1", "--overlap", "24h");
  expect(rotated.out).toBe("tcn_id1_secret2\n");
  expect(rotated.err).toMatch(/The key before works until 20\d\d-/);
  expect((await tocsin("list")).out).toMatch(/^id1 +valid, rotated /m);
  expect((await tocsin("rotate", "id1", "--overlap", "0")).err).not.toContain("before");
  const revoked = await tocsin("revoke", "id1");
  expect(revoked.out).toBe("id1 (ci) is revoked and no longer works.\n");
  expect((await tocsin("list")).out).toMatch(/^id1 +revoked /m);
});

test.each<[string[], number, RegExp]>([
  [["create", "--scope", "read"], 2, /--name is missing/],
  [["create", "--name", "a"], 2, /--scope is missing/],
  [["rotate"], 2, /which key\?/],
  [["delete", "id1"], 2, /got "delete", expected list, create, rotate or revoke/],
  [["create", "--name", "a", "--scope", "write"], 1, /expected a list of some of ingest, read/],
  [["create", "--name", "a", "--scope", "read", "--rate", "5"], 1, /such as 500\/s/],
  [["create", "--name", "a", "--scope", "read", "--expires", "soon"], 1, /such as 24h or 90d/],
  [["create", "--name", "a", "--scope", "admin", "--tenant", "t"], 1, /over all tenants/],
  [["rotate", "nobody"], 1, /no API key "nobody" is in force/],
  [["revoke", "nobody"], 1, /no API key "nobody" is known/],
])("%j fails with %i, and says why", async (args, code, why) => {
  await serve(true);
  const result = await tocsin(...args);
  expect([result.code, result.out, result.err]).toEqual([code, "", expect.stringMatching(why)]);
});
