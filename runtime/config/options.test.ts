import fc from "fast-check";
import { expect, test } from "vitest";
import { loadConfig } from "./load.ts";
import { parseListen } from "./listen.ts";
import { parseMatcher } from "./matcher-text.ts";
import { nearestWord } from "./nearest-word.ts";
import { helpText, resolveOptions, withOptions, type Options } from "./options.ts";
import { formatDuration, formatSize, parseDuration, parseSize } from "./units.ts";

function options(argv: string[], env: Record<string, string> = {}, cpus = 4): Options {
  const resolved = resolveOptions(argv, env, cpus);
  if (resolved.kind !== "run") throw new Error(JSON.stringify(resolved));
  return resolved.options;
}

test("flags win over the environment, that over the file, the file over defaults", () => {
  const config = loadConfig("t.yaml", "listen: 127.0.0.1:1\ndata_dir: f\nnats: { url: nats://f }");
  const env = { TOCSIN_LISTEN: "127.0.0.1:2", TOCSIN_DATA: "e", NATS_URL: "nats://e" };
  const byFile = withOptions(config, options([]));
  expect([byFile.listen.port, byFile.dataDir, byFile.nats.url]).toEqual([1, "f", "nats://f"]);
  const byEnv = withOptions(config, options([], env));
  expect([byEnv.listen.port, byEnv.dataDir, byEnv.nats.url]).toEqual([2, "e", "nats://e"]);
  const byFlag = withOptions(config, options(["--listen=127.0.0.1:3", "--data", "d"], env));
  expect([byFlag.listen.port, byFlag.dataDir]).toEqual([3, "d"]);
  expect(options(["--config", "c.yaml"], { TOCSIN_CONFIG: "e.yaml" }).configFile).toBe("c.yaml");
  expect(options([], { TOCSIN_CONFIG: "e.yaml" }).configFile).toBe("e.yaml");
  expect(options([], { TOCSIN_CONFIG: "" }).configFile).toBe(null);
});

test("listeners: auto is one for every four processors", () => {
  const listeners = (cpus: number, text = "") =>
    withOptions(loadConfig("t.yaml", text), options([], {}, cpus)).listeners;
  const found = [listeners(1), listeners(7), listeners(32), listeners(1, "listeners: 3")];
  expect(found).toEqual([1, 1, 8, 3]);
});

test("shards: auto leaves one processor to the main thread", () => {
  const shards = (cpus: number, text = "") =>
    withOptions(loadConfig("t.yaml", text), options([], {}, cpus)).shards;
  expect([shards(1), shards(2), shards(8), shards(8, "shards: 3")]).toEqual([1, 1, 7, 3]);
});

test("help and version; what cannot be meant is refused with a hint", () => {
  const help = { kind: "help", text: helpText };
  expect(resolveOptions(["--data", "d", "--help"], {}, 1)).toEqual(help);
  expect(resolveOptions(["--version"], {}, 1)).toEqual({ kind: "version" });
  const refusal = (...argv: string[]) => {
    const resolved = resolveOptions(argv, {}, 1);
    return resolved.kind === "refused" ? resolved.message : resolved.kind;
  };
  expect(refusal("--lisen", "127.0.0.1:1")).toBe(
    "unknown argument --lisen; did you mean --listen? (see --help)",
  );
  expect(refusal("start")).toBe("unknown argument start (see --help)");
  expect(refusal("--data")).toBe("--data needs a value");
  expect(refusal("--data", "a", "--data=b")).toBe("--data is given twice");
  expect(refusal("--listen", "0.0.0.0:9093")).toMatch(/^--listen: 0\.0\.0\.0 can be reached/);
  expect(resolveOptions([], { TOCSIN_LISTEN: "nowhere" }, 1)).toEqual({
    kind: "refused",
    message:
      'TOCSIN_LISTEN: got "nowhere", expected HOST:PORT, such as 127.0.0.1:9093 or [::1]:9093',
  });
});

test("listen takes loopback addresses only, and says why", () => {
  expect(parseListen("127.0.0.1:0")).toEqual({ host: "127.0.0.1", port: 0 });
  expect(parseListen("[::1]:9093")).toEqual({ host: "::1", port: 9093 });
  expect(parseListen("localhost:80")).toEqual({ host: "localhost", port: 80 });
  for (const open of ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "example.com:1", "127.evil.com:1"]) {
    expect(parseListen(open)).toMatchObject({ problem: expect.stringContaining("no API keys") });
  }
  for (const bad of ["9093", ":9093", "127.0.0.1", "127.0.0.1:99999", "[zz]:1", "::1:9093", ""]) {
    expect(parseListen(bad)).toMatchObject({ problem: expect.stringContaining("HOST:PORT") });
  }
});

test("durations and sizes: formatted text reads back as the same number", () => {
  fc.assert(
    fc.property(fc.nat({ max: 10 ** 11 }), (number) => {
      expect(parseDuration(formatDuration(number))).toBe(number);
      expect(parseSize(formatSize(number))).toBe(number);
    }),
    { numRuns: 300 },
  );
  expect(["1h30m", "90m", "1w", "0", "2ms", "1d12h"].map(parseDuration)).toEqual([
    5_400_000, 5_400_000, 604_800_000, 0, 2, 129_600_000,
  ]);
  for (const bad of ["", "5", "m", "1m1h", "1m1m", "-1s", "1.5h", "1s ", "1 s", "9".repeat(40)]) {
    expect(parseDuration(bad)).toBe(null);
  }
  expect(["16MiB", "1 KB", "7B", "1GiB"].map(parseSize)).toEqual([16_777_216, 1000, 7, 2 ** 30]);
  for (const bad of ["", "16", "16mb", "1iB", "-1B", "1.5MB"]) expect(parseSize(bad)).toBe(null);
});

test("matchers: bare and quoted values, escapes, and what is none", () => {
  expect(parseMatcher('severity="critical"')).toEqual({
    label: "severity",
    op: "=",
    value: "critical",
  });
  expect(parseMatcher(" team != ops ")).toEqual({ label: "team", op: "!=", value: "ops" });
  expect(parseMatcher('path=~"/api/.*\\.json"')).toEqual({
    label: "path",
    op: "=~",
    value: "/api/.*\\.json",
  });
  expect(parseMatcher('"strange = label"!~"a\\"b"')).toEqual({
    label: "strange = label",
    op: "!~",
    value: 'a"b',
  });
  expect(parseMatcher('x=""')).toEqual({ label: "x", op: "=", value: "" });
  expect(parseMatcher("x=")).toEqual({ label: "x", op: "=", value: "" });
  for (const bad of ["", "x", "=y", 'x="y', 'x=y"z', "1x=y", 'x=~"["', "x".repeat(2_000)]) {
    expect(parseMatcher(bad)).toHaveProperty("problem");
  }
});

test("matchers: expressions are Go's, as when alerts are matched", () => {
  const folded = { label: "team", op: "=~", value: "(?i)ops|web" };
  expect(parseMatcher("team=~(?i)ops|web")).toEqual(folded);
  expect(parseMatcher('x!~"[[:alpha:]]+\\z"')).toHaveProperty("op", "!~");
  expect(parseMatcher("x=~(?=a)")).toEqual({
    problem: "not a valid regular expression: invalid or unsupported Perl syntax: `(?=a)`",
  });
  expect(parseMatcher("x=~(a")).toEqual({
    problem: "not a valid regular expression: missing closing )",
  });
  // A text is only a text: no expression, no rules for one.
  expect(parseMatcher("x=(?=a)")).toHaveProperty("value", "(?=a)");
});

test("the nearest word is near or none", () => {
  expect(nearestWord("partitons", ["partitions", "rules"])).toBe("partitions");
  expect(nearestWord("rlues", ["partitions", "rules"])).toBe("rules");
  expect(nearestWord("xyz", ["rules"])).toBe(null);
  expect(nearestWord("x".repeat(100_000), ["rules"])).toBe(null);
});

test("the help names every option and variable", () => {
  const words = ["--config", "--listen", "--data", "NATS_URL", "CLICKHOUSE_URL", "npm start"];
  expect(words.filter((word) => !helpText.includes(word))).toEqual([]);
});
