import { describe, expect, test } from "vitest";
import { loadConfig } from "./load.ts";
import { ConfigError } from "./problems.ts";

const load = (text: string) => loadConfig(null, text).redaction;

function problems(text: string): string[] {
  try {
    load(text);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

test("off by default, and then for annotations only", () => {
  expect(load("")).toEqual({
    ...{ enabled: false, kinds: ["mail", "phone", "card", "token"], fields: "annotations" },
    ...{ except: { annotations: [], labels: [] }, style: "kind", patterns: [] },
  });
});

test("every setting", () => {
  const text = `
redaction:
  enabled: true
  kinds: [ipv6, mail]
  fields: both
  except: { annotations: [runbook_url], labels: [instance, owner] }
  style: stars
  patterns:
    - { name: customer, match: 'C-\\d{6}' }
    - { name: host, match: '(?i)[a-z]+\\.corp\\.example', replacement: a host }
`;
  expect(load(text)).toEqual({
    ...{ enabled: true, kinds: ["mail", "ipv6"], fields: "both", style: "stars" },
    except: { annotations: ["runbook_url"], labels: ["instance", "owner"] },
    patterns: [
      { name: "customer", match: "C-\\d{6}", replacement: null },
      { name: "host", match: "(?i)[a-z]+\\.corp\\.example", replacement: "a host" },
    ],
  });
});

describe("a pattern is refused", () => {
  const pattern = (match: string, more = "name: x"): string[] =>
    problems(`redaction: { patterns: [{ match: '${match}', ${more} }] }`);

  test.each([
    ["that is no expression", "a(", /redaction\.patterns\[0\]\.match: got "a\(".*not refused/],
    ["that may take for ever", "a{1,100}", /for ever/],
    ["that matches nothing at all", "a*", /does not match an empty text/],
    ["that matches its own replacement", "x", /does not match "\[x\]"/],
    ["that matches another's", "ail", /does not match "\[mail\]"/],
  ])("%s", (_, match, expected) => {
    expect(pattern(match)).toEqual([expect.stringMatching(expected)]);
  });

  test.each([
    ["with the name of a kind", "name: mail", /name that neither/],
    ["with a strange name", "name: My Name", /small letters/],
    ["without a name", "replacement: z", /name: got nothing, expected a text/],
    ["with a long replacement", `name: y, replacement: ${"z".repeat(65)}`, /at most 64/],
  ])("%s", (_, more, expected) => {
    expect(pattern("C-\\d+", more)[0]).toMatch(expected);
  });

  test("twice of one name", () => {
    const text = "redaction: { patterns: [{ name: y, match: A }, { name: y, match: B }] }";
    expect(problems(text)).toEqual([expect.stringMatching(/patterns\[1\]\.name: got "y"/)]);
  });
});

test("words that are none", () => {
  const text = "redaction: { kinds: [mails], fields: all, style: bold, except: { x: [] } }";
  expect(problems(text)).toEqual([
    expect.stringMatching(/kinds\[0\]: got "mails", expected one of .* did you mean mail\?/),
    expect.stringMatching(/fields: got "all", expected one of annotations, labels, both/),
    expect.stringMatching(/style: got "bold"/),
    expect.stringMatching(/except\.x: unknown setting/),
  ]);
});
