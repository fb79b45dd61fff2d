import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { templateCharsMax, templateOf } from "./masking.ts";

describe("a template", () => {
  test.each([
    ["p95 of checkout-7f9c is 4.2 s at 10:32", "p95 of checkout-<id> is <n> at <time>"],
    ["p95 of checkout-8aa1 is 950 ms at 11:02:33.5", "p95 of checkout-<id> is <n> at <time>"],
    ["99th of 1,234.5 MiB, -3e-5, 12%", "<n> of <n>, <n>, <n>"],
    ["gpu-17 at 10.0.3.4:9100 lost 60 %", "gpu-<n> at <addr> lost <n>"],
    ["[::1]:80 fe80::1 aa:bb:cc:dd:ee:ff db.prod:5432", "<addr> <addr> <addr> <addr>"],
    ["std::vector at ratio:5 in localhost:9090", "std::vector at ratio:<n> in <addr>"],
    ["req-abc123def456 0af7651916cd43dd", "req-<id> <id>"],
    ["id 123e4567-e89b-12d3-a456-426614174000.", "id <uuid>."],
    ["pod checkout-7d9f8b6c5-xkqzt crashed", "pod checkout-<id> crashed"],
    ["2026-01-02T03:04:05.678Z, 2026-01-02 03:04", "<time>, <time>"],
    ["GET /api/v1/users/123/orders?id=4&x=y 5xx", "get /api/v1/users/<n>/orders?<query> 5xx"],
    [`model's "gpt" isn't 'ok' or \`so\``, "model's <quoted> isn't <quoted> or <quoted>"],
    ["kafka3, v1.27.3 for 1h2m3s by bob@example.com", "kafka<n>, <n> for <n> by <mail>"],
    ["k8s  s3\n5xx\tP99", "k8s s3 5xx p99"],
    ["", ""],
  ])("%s", (text, template) => {
    expect(templateOf(text)).toBe(template);
  });

  test("is the same whatever the numbers, addresses and ids", () => {
    const value = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.nat(), value, fc.ipV4(), fc.uuid(), (count, ms, ip, id) => {
        const text = `${count} requests at ${ip} failed in ${ms} ms, e.g. ${id}`;
        expect(templateOf(text)).toBe("<n> requests at <addr> failed in <n>, e.g. <uuid>");
      }),
    );
  });

  test("is bounded, and any text has one", () => {
    expect(templateOf("word ".repeat(10_000)).length).toBeLessThanOrEqual(templateCharsMax);
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff), { maxLength: 3_000 }), (units) => {
        const template = templateOf(String.fromCharCode(...units));
        expect(template.length).toBeLessThanOrEqual(templateCharsMax);
        expect(template).not.toMatch(/(?<![a-z])\d{3,}/);
      }),
    );
  });

  test.each(["1".repeat(2_000), "a:".repeat(1_000), "1h".repeat(1_000), "a1-".repeat(700)])(
    "takes no more than a moment whatever the text, case %#",
    (text) => {
      expect(templateOf(text.repeat(50)).length).toBeLessThanOrEqual(templateCharsMax);
    },
  );
});
