import { describe, expect, test } from "vitest";
import { redactionKinds } from "../../runtime/config/redaction-section.ts";
import { Redactor } from "./redactor.ts";

const all = new Redactor({ kinds: [...redactionKinds], patterns: [], style: "kind" });
const redact = (text: string): string => all.redact(text, () => undefined);

describe("taken out", () => {
  test.each([
    ["mail to john.doe+alerts@mail.example.co.uk.", "mail to [mail]."],
    ["<o'brien@example.org>,b@example.org", "<[mail]>,[mail]"],
    ["user=john@example.com;", "user=[mail];"],
    ["http://x/?to=john%40example.com&a=1", "http://x/?to=[mail]&a=1"],
    ["jörg@bücher.example", "[mail]"],
    ["card 4111 1111 1111 1111 of", "card [card] of"],
    ["5500-0055-5555-5559", "[card]"],
    ["amex 340000000000009", "amex [card]"],
    ["no 12 4111111111111111 35", "no 12 [card] 35"],
    ["call +49 (0)30 1234567, now", "call [phone], now"],
    ["call (212) 555-0123", "call [phone]"],
    ["call 212-555-0123 or 1-212-555-0123", "call [phone] or [phone]"],
    ["+442079460958 / 020 7946 0958 / 06 12 34 56 78", "[phone] / [phone] / [phone]"],
    ["0049 30 1234567", "[phone]"],
    ["from 10.0.0.1:9090 and 192.168.0.0/16", "from [ipv4]:9090 and [ipv4]/16"],
    ["[2001:db8::1]:443, fe80::1%eth0, ::1", "[[ipv6]]:443, [ipv6]%eth0, [ipv6]"],
    ["::ffff:10.0.0.1", "[ipv6]"],
    ["1:2:3:4:5:6:7:8", "[ipv6]"],
    ["Authorization: Bearer abcDEF123456", "Authorization: Bearer [token]"],
    ["Basic dXNlcjpwYXNzd29yZA==", "Basic [token]"],
    ["key sk-proj-abcdefghij0123456789", "key [token]"],
    ["ghp_0123456789abcdefghijABCDEFGHIJ012345", "[token]"],
    ["AKIAIOSFODNN7EXAMPLE", "[token]"],
    ["tcn_ab12_0123456789abcdefABCDEF01", "[token]"],
    ["jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-_1", "jwt [token]"],
    ["DB_PASSWORD=hunter2 next", "DB_PASSWORD=[token] next"],
    ['"api_key": "a1b2c3d4e5"', '"api_key": "[token]"'],
    ["postgres://app:hunter2@db.example.com/x", "postgres://app:[token]@db.example.com/x"],
    ["a\n-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\nb", "a\n[token]\nb"],
    ["-----BEGIN PRIVATE KEY-----\nMIIcut", "[token]"],
  ])("%s", (text, expected) => {
    expect(redact(text)).toBe(expected);
    expect(redact(expected)).toBe(expected);
  });
});

describe("left alone", () => {
  test.each([
    "latency 1234567.891 ms at 2026-01-31T12:00:00.000Z, 99.95 % of 1700000000000",
    "from 01-02-2026 12:00:00 to 2026-01-31 13:00:00+02:00, took 00:01:23",
    "value 0.4532015112830366, +12.3456789, 1e+10, 4532015112830367",
    "std::vector, Foo::Bar, a::b, 12:30:45, aa:bb:cc:dd:ee:ff",
    "nginx v1.2.3.4 and OID 1.3.6.1.4.1",
    "root@db-1 ran ssh; @channel look at 5@6",
    "token expired; secret: missing; Basic authentication failed; bearer tokens",
    "max_tokens=4096 token=512 sk-learn-model-serving-prod",
    "pod checkout-7f9c6d4b8-x2k4z, trace 4bf92f3577b34da6a3ce929d0e0e4736",
    "p50 250 480 1200, 100-200-300, 12/24/36",
    "",
  ])("%s", (text) => {
    expect(redact(text)).toBe(text);
  });
});

describe("patterns of the configuration", () => {
  const patterned = (match: string, replacement: string | null = null): Redactor =>
    new Redactor({
      kinds: ["mail"],
      patterns: [{ name: "customer", match, replacement }],
      style: "kind",
    });

  test("are replaced and counted under their names", () => {
    const counts: string[] = [];
    const redactor = patterned("C-[0-9]+");
    const text = redactor.redact("C-17 of C-18, a@example.com", (kind) => counts.push(kind));
    expect(text).toBe("[customer] of [customer], [mail]");
    expect(counts).toEqual(["customer", "customer", "mail"]);
  });

  test("have replacements of their own", () => {
    expect(patterned("C-[0-9]+", "C-x").redact("C-17", () => undefined)).toBe("C-x");
  });

  test("go on with what a replacement brought together", () => {
    expect(patterned("ab", "").redact("x aabb y", () => undefined)).toBe("x  y");
  });

  test("withhold the text when there is no end to it", () => {
    const redactor = patterned("b", "bb");
    expect(redactor.redact("b", () => undefined)).toBe("[redacted]");
    expect(patterned("a").redact("a".repeat(5_000), () => undefined)).toBe("[redacted]");
  });
});

test("styles", () => {
  const styled = (style: "word" | "stars"): string => {
    const redactor = new Redactor({ kinds: ["mail"], patterns: [], style });
    return redactor.redact("to a@b.example", () => undefined);
  };
  expect(styled("word")).toBe("to [redacted]");
  expect(styled("stars")).toBe("to ***");
});

describe("hostile texts of 64 KiB take no longer than others", () => {
  const hostile = [
    ...["@", "a@", "%40", "a@b.", "1 ", "1", "12-", "+1", "0", "00", "(", "1.", "1:", ":", "f:"],
    ...["eyJ", "eyJaaaaaaaa.", "-eyJ", "sk-", "bearer ", "password", "password=", "://", "://a:"],
    ...["-----BEGIN PRIVATE KEY-----", "-----BEGIN ", "token:", "a".repeat(200) + ".", "é@"],
    ...["4111", "4111 ", "0612 ", "(0", "+1(", "::1 ", "x@y.zz", "key_", "api_key=\"'"],
  ];
  const slow = new Redactor({
    kinds: [...redactionKinds],
    patterns: [{ name: "odd", match: "(x+x+)+y", replacement: null }],
    style: "kind",
  });

  test.each([...hostile, "x"])("%s", (part) => {
    const text = part.repeat(Math.ceil(65_536 / part.length));
    const startedMs = performance.now();
    slow.redact(text, () => undefined);
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });
});
