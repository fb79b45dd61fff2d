import { describe, expect, test } from "vitest";
import {
  type ApiKey,
  type KeyCheck,
  adminWish,
  createKey,
  environmentKey,
  hasEnded,
  keyText,
  keysMax,
  parseKeyText,
  readStoredKey,
  revokeKey,
  rotateKey,
  secretHash,
} from "./api-keys.ts";
import { KeyRing } from "./key-ring.ts";

const hour = 3_600_000;
const wish = { ...adminWish("ci", ["ingest"]), expiresAtMs: 10 * hour };
const first = createKey("k1", secretHash("one"), wish, 0);

function checked(key: ApiKey, secret: string, nowMs: number): KeyCheck["kind"] {
  const ring = new KeyRing();
  ring.put(key, 1);
  return ring.check(keyText(key.id, secret), nowMs).kind;
}

describe("a key", () => {
  test("is proved by its secret alone", () => {
    expect(checked(first, "one", 0)).toBe("valid");
    for (const secret of ["two", "onE", "one1", "on", secretHash("one")]) {
      expect(checked(first, secret, 0), secret).toBe("unknown");
    }
  });

  test("ends at its expiry, and only who has the secret learns it", () => {
    expect(checked(first, "one", 10 * hour - 1)).toBe("valid");
    expect(checked(first, "one", 10 * hour)).toBe("expired");
    expect(checked(first, "two", 10 * hour)).toBe("unknown");
    expect([hasEnded(first, 10 * hour - 1), hasEnded(first, 10 * hour)]).toEqual([false, true]);
  });

  test("that is rotated: the old secret works until the overlap is over", () => {
    const rotated = rotateKey(first, secretHash("two"), 2 * hour, hour);
    const at = (ms: number) => ["one", "two"].map((secret) => checked(rotated, secret, ms));
    expect(at(3 * hour - 1)).toEqual(["valid", "valid"]);
    expect(at(3 * hour)).toEqual(["expired", "valid"]);
    expect(at(10 * hour)).toEqual(["expired", "expired"]);
    const check = new KeyRing();
    check.put(rotated, 1);
    expect(check.check("tcn_k1_one", hour)).toMatchObject({ untilMs: 3 * hour });
  });

  test("that is rotated twice has two secrets, not three; without overlap, one", () => {
    const twice = rotateKey(
      rotateKey(first, secretHash("two"), hour, 0),
      secretHash("three"),
      hour,
      0,
    );
    const all = ["one", "two", "three"].map((secret) => checked(twice, secret, 0));
    expect(all).toEqual(["unknown", "valid", "valid"]);
    const hard = rotateKey(first, secretHash("two"), 0, 0);
    expect(["one", "two"].map((one) => checked(hard, one, 0))).toEqual(["unknown", "valid"]);
  });

  test("that is revoked works no more, neither secret of it", () => {
    const revoked = revokeKey(rotateKey(first, secretHash("two"), hour, 0), 5);
    expect(["one", "two", "x"].map((one) => checked(revoked, one, 6))).toEqual([
      "revoked",
      "revoked",
      "unknown",
    ]);
    expect(revokeKey(revoked, 9).revokedAtMs).toBe(5);
  });

  test("survives its storage, and what is no key is none", () => {
    const stored = JSON.parse(JSON.stringify(first)) as object;
    expect(readStoredKey(stored)).toEqual(first);
    const broken: unknown[] = [
      null,
      [],
      {},
      "tcn_k1_one",
      { ...first, scopes: ["root"] },
      { ...first, scopes: "admin" },
      { ...first, tenant: 1 },
      { ...first, expiresAtMs: "never" },
      { ...first, secrets: [{ sha256: "one", untilMs: null }] },
      { ...first, secrets: [null] },
    ];
    for (const value of broken) expect(readStoredKey(value), JSON.stringify(value)).toBeNull();
  });
});

describe("a key's text", () => {
  test("names its id, whatever else comes is the environment's", () => {
    expect(parseKeyText("tcn_a1_Zz9")).toEqual({ id: "a1", secret: "Zz9" });
    for (const text of ["", "tcn_", "tcn_a", "tcn__x", "tcn_a_b_c", " tcn_a_b", "tcn_a_b\n"]) {
      expect(parseKeyText(text), text).toEqual({ id: "env", secret: text });
    }
  });

  test("of TOCSIN_ADMIN_KEY must be long; the error does not repeat it", () => {
    const text = "0123456789abcdef0123456789abcdef";
    const ring = new KeyRing();
    ring.pin(environmentKey(text, 0));
    expect(ring.check(text, 1)).toMatchObject({ kind: "valid", key: { id: "env" } });
    expect(ring.check(`${text}0`, 1).kind).toBe("unknown");
    expect(JSON.stringify(environmentKey(text, 0))).not.toContain(text);
    ring.pin(environmentKey("tcn_mine_0123456789abcdef0123456789", 0));
    expect(ring.check("tcn_mine_0123456789abcdef0123456789", 1).kind).toBe("valid");
    for (const bad of ["short", `${text} blank`, "x".repeat(501)]) {
      expect(() => environmentKey(bad, 0)).toThrow(/^TOCSIN_ADMIN_KEY: got \d+ characters/);
    }
    expect(() => environmentKey("s3cret", 0)).not.toThrow(/s3cret/);
  });
});

describe("a ring", () => {
  test("keeps the newest revision, in whatever order they come", () => {
    const ring = new KeyRing();
    const revoked = revokeKey(first, 1);
    ring.put(revoked, 7);
    ring.put(first, 3);
    ring.delete("k1", 6);
    expect([ring.check("tcn_k1_one", 1).kind, ring.holds(revoked), ring.holds(first)]).toEqual([
      "revoked",
      true,
      false,
    ]);
    ring.delete("k1", 8);
    expect(ring.check("tcn_k1_one", 1).kind).toBe("unknown");
  });

  test("is bounded, and known keys still change when it is full", () => {
    const ring = new KeyRing();
    for (let i = 0; i < keysMax; i += 1) ring.put({ ...first, id: `k${i}` }, i + 1);
    expect(ring.put({ ...first, id: "more" }, keysMax + 1)).toBe(false);
    expect(ring.put(revokeKey(first, 1), keysMax + 2)).toBe(true);
    expect([ring.list().length, ring.check("tcn_k1_one", 1).kind]).toEqual([keysMax, "revoked"]);
  });
});
