import fc from "fast-check";
import { expect, test } from "vitest";
import { redactionKinds } from "../../runtime/config/redaction-section.ts";
import { Redactor } from "./redactor.ts";
import { Suspicion } from "./suspicion.ts";

const runs = { numRuns: 3_000, seed: 20261125 };
const kinds = [...redactionKinds];
const redactor = new Redactor({ kinds, patterns: [], style: "kind" });
const redact = (text: string): string => redactor.redact(text, () => undefined);

const luhn = (digits: string): boolean => {
  let sum = 0;
  [...digits].reverse().forEach((letter, place) => {
    const doubled = Number(letter) * (1 + (place % 2));
    sum += doubled > 9 ? doubled - 9 : doubled;
  });
  return sum % 10 === 0;
};

const mail = fc.emailAddress();
const card = fc
  .tuple(fc.constantFrom("4", "51", "34", "6011", "36"), fc.stringMatching(/^\d{11}$/))
  .map(([prefix, rest]) => {
    const body = (prefix + rest).padEnd(15, "7").slice(0, 15);
    for (let check = 0; check < 10; check += 1) if (luhn(body + check)) return body + check;
    return body;
  });
const grouped = card.map((digits) => digits.replace(/(\d{4})(?=\d)/g, "$1 "));
const token = fc.oneof(
  fc.stringMatching(/^ghp_[A-Za-z]{10}\d[A-Za-z0-9]{25}$/),
  fc.stringMatching(/^sk-[a-z]{4}\d[A-Za-z0-9]{20}$/),
  fc.stringMatching(/^Bearer [A-Za-z]{8}\d[A-Za-z0-9]{12}$/),
  fc.stringMatching(/^eyJ[A-Za-z0-9]{10}\.eyJ[A-Za-z0-9]{10}\.[A-Za-z0-9]{10}$/),
  fc.stringMatching(/^password=[a-z0-9]{6,12}$/),
);
const phone = fc.stringMatching(/^\+[1-9]\d{1,2} \d{3} \d{4,6}$/);
const piece = fc.oneof(
  ...[mail, card, grouped, token, phone, fc.ipV4(), fc.ipV6()],
  ...[fc.string({ unit: "grapheme", maxLength: 12 }), fc.stringMatching(/^[ @.:+\d-]{1,12}$/)],
  fc.constantFrom("://u:", "password=", "token: ", "bearer\t", "::", "%40", "\\", "\n", '"', "\t"),
);
const joint = fc.constantFrom("", " ", ", ", "\n", "-", ".", "/", "=");
const mixed = fc
  .array(fc.tuple(piece, joint), { maxLength: 8 })
  .map((pieces) => pieces.flat().join(""));

test("what is redacted once is not changed again", () => {
  fc.assert(
    fc.property(mixed, (text) => {
      const once = redact(text);
      expect(redact(once)).toBe(once);
    }),
    runs,
  );
});

test("no mail, card or token is left between words", () => {
  const inWords = fc.tuple(
    fc.lorem({ maxCount: 4 }),
    fc.oneof(mail, card, grouped, token),
    fc.lorem({ maxCount: 4 }),
  );
  fc.assert(
    fc.property(inWords, ([before, secret, after]) => {
      const text = redact(`${before} ${secret}, ${after}`);
      const bare = secret.replace(/^(Bearer |password=)/, "");
      expect(text).not.toContain(bare);
      expect(text).toMatch(/\[(mail|card|token)\]/);
      expect(text.startsWith(before) && text.endsWith(after)).toBe(true);
    }),
    runs,
  );
});

test("whatever the text, no plain mail and no card of an issuer is left", () => {
  fc.assert(
    fc.property(mixed, (text) => {
      const redacted = redact(text);
      expect(redacted).not.toMatch(/[A-Za-z0-9]@[A-Za-z0-9]+\.[A-Za-z]{2,}(?![A-Za-z0-9.-])/);
      for (const [digits] of redacted.matchAll(/(?<![\d. -])4\d{15}(?![\d. -])/g)) {
        expect(luhn(digits)).toBe(false);
      }
      expect(redacted).not.toMatch(/(?<![A-Za-z0-9])ghp_[A-Za-z0-9]{36}/);
    }),
    runs,
  );
});

test("words without digits and signs stay as they are", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[\p{L} .,;!?()\n]{0,80}$/u), (text) => {
      expect(redact(text)).toBe(text);
    }),
    runs,
  );
});

test("what the look at the bytes clears, redaction would not change", () => {
  const each = kinds.map((kind) => ({
    redactor: new Redactor({ kinds: [kind], patterns: [], style: "kind" }),
    suspicion: new Suspicion({ kinds: [kind], patterns: [] }),
  }));
  const everything = { redactor, suspicion: new Suspicion({ kinds, patterns: [] }) };
  fc.assert(
    fc.property(fc.oneof(mixed, piece), (text) => {
      const bytes = Buffer.from(JSON.stringify({ summary: text }));
      for (const one of [...each, everything]) {
        if (one.suspicion.suspects(bytes, 0, bytes.length)) continue;
        expect(one.redactor.redact(text, () => undefined)).toBe(text);
      }
    }),
    { ...runs, numRuns: 5_000 },
  );
});

test("the look at the bytes clears usual alerts", () => {
  const suspicion = new Suspicion({ kinds: ["mail", "phone", "card", "token"], patterns: [] });
  const usual = {
    summary: "p99 latency of checkout is 2.5 s (limit 1 s)",
    description: "Pod checkout-7f9c in eu-1 restarts.\nSee the run book: it is short.",
    runbook_url: "https://runbooks.example.com/latency",
  };
  const bytes = Buffer.from(JSON.stringify(usual));
  expect(suspicion.suspects(bytes, 0, bytes.length)).toBe(false);
});
