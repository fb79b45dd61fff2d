import { expect, test } from "vitest";
import { translateGoRegexp } from "./go-regexp.ts";
import { compileMatchers } from "./matchers.ts";

/** Each line was tried with Go's own regexp package. */
const matching: [pattern: string, yes: string[], no: string[]][] = [
  ["api|gateway", ["api", "gateway"], ["api2", "xgateway", "API"]],
  ["(?i)foo|bar", ["FOO", "Bar"], ["foobar"]],
  ["a(?i)b|c", ["aB", "C"], ["AB"]],
  ["(?i:a)b", ["Ab"], ["aB"]],
  ["(?i)[a-c]+", ["aBC"], ["d"]],
  ["(?i)[^a]", ["b", "\n"], ["a", "A"]],
  ["(?i)k", ["k", "K", "\u212a"], ["c"]],
  [".", ["\r", "\u2028", "🔔"], ["\n", ""]],
  ["(?s).", ["\n"], [""]],
  ["(?m)^a$\n^b$", ["a\nb"], ["ab"]],
  ["\\s", [" ", "\t"], ["\u00a0", "\v"]],
  ["\\Aa\\z", ["a"], ["a\n"]],
  ["[[:alpha:]]+[[:^digit:]]", ["ab", "a-"], ["a1"]],
  ["[\\D]", ["a", "ä"], ["1"]],
  ["\\p{Greek}\\pL", ["αa"], ["aα"]],
  ["\\Qa.b\\E+", ["a.b", "a.bbb"], ["axb"]],
  ["(?P<host>db)-\\d{2}", ["db-01"], ["db-1"]],
  ["a{,2}", ["a{,2}"], ["aa"]],
  ["[]a-]", ["]", "a", "-"], ["b"]],
  ["\\x41\\x{1F514}\\052", ["A🔔*"], ["A"]],
  ["(?U)a+", ["aaa"], ["b"]],
  ["^*a", ["a"], ["b"]],
  ["", [""], ["a"]],
];

test.each(matching)("%s means what it means to Go", (pattern, yes, no) => {
  const holds = (value: string) =>
    compileMatchers([{ label: "l", op: "=~", value: pattern }])(() => value);
  for (const value of yes) expect(holds(value), JSON.stringify(value)).toBe(true);
  for (const value of no) expect(holds(value), JSON.stringify(value)).toBe(false);
});

const refused: [pattern: string, message: string][] = [
  ["(?=a)", "invalid or unsupported Perl syntax"],
  ["(?<!a)b", "invalid or unsupported Perl syntax"],
  ["(?>a)", "invalid or unsupported Perl syntax"],
  ["(a)\\1", "invalid escape sequence"],
  ["\\Z", "invalid escape sequence"],
  ["a**", "invalid nested repetition operator: **"],
  ["*a", "missing argument to repetition operator: *"],
  ["a{1001}", "invalid repeat count: {1001}"],
  ["(a{100}){11}", "invalid repeat count: {11}"],
  ["a)", "unexpected )"],
  ["(a", "missing closing )"],
  ["[a", "missing closing ]"],
  ["[b-a]", "invalid character class range: b-a"],
  ["[[:foo:]]", "invalid character class range: [:foo:]"],
  ["\\p{Klingon}", "invalid character class range: \\p{Klingon}"],
  ["a\\", "trailing backslash"],
  ["(".repeat(1_000), "groups nest deeper"],
  ["a".repeat(100_000), "longer than 65536 characters"],
];

test.each(refused)("case %#: refused as Go refuses it", (pattern, message) => {
  const translated = translateGoRegexp(pattern);
  expect(translated.kind === "error" ? translated.message : translated).toContain(message);
});
