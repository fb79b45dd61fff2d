import { expect, test } from "vitest";
import { openListenProblem } from "./auth-section.ts";
import { loadConfig } from "./load.ts";
import { ConfigError } from "./problems.ts";

function problems(text: string): string[] {
  try {
    loadConfig("t.yaml", text);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split("\n");
    throw error;
  }
}

test("without the section nobody is asked for a key, and nothing is limited", () => {
  expect(loadConfig(null).auth).toEqual({
    mode: "none",
    metrics: "keys",
    limits: {
      ...{ key_alerts: null, key_requests: null, tenant_alerts: null, tenant_requests: null },
      burstMs: 10_000,
    },
  });
});

test("each limit is read into its own place", () => {
  const { auth } = loadConfig(
    "t.yaml",
    `auth:
  mode: keys
  metrics: open
  limits:
    { key_alerts: 1/s, key_requests: 120/m, tenant_alerts: 3/s, tenant_requests: 4/s, burst: 1m }
`,
  );
  expect(auth).toEqual({
    mode: "keys",
    metrics: "open",
    limits: {
      ...{ key_alerts: 1, key_requests: 2, tenant_alerts: 3, tenant_requests: 4 },
      burstMs: 60_000,
    },
  });
});

test("what is wrong is named, with what was expected", () => {
  expect(problems("auth: { mode: key, limits: { key_alerts: 5, keys: 1/s, burst: 0 } }")).toEqual([
't.yaml:1:15: auth.mode: got "key", expected one of none, keys; did you mean keys?',
    expect.stringMatching(/^t.yaml:1:42: auth.limits.key_alerts: got 5, expected a rate such as/),
    expect.stringMatching(/auth.limits.keys: unknown setting, expected one of key_alerts, /),
    expect.stringMatching(/auth.limits.burst: got 0, expected a duration from 1s to 1h/),
  ]);
});

test("an address that others can reach needs keys, wherever it was given", () => {
  for (const listen of ["0.0.0.0:1", '"[::]:1"', "10.0.0.1:1", "example.com:1"]) {
    expect(problems(`listen: ${listen}`)[0], listen).toMatch(/set auth.mode to keys/);
    expect(problems(`listen: ${listen}\nauth: { mode: keys }`), listen).toEqual([]);
  }
  expect(openListenProblem({ host: "0.0.0.0", port: 9 }, "none")).toMatch(/listen on 127.0.0.1:9/);
  expect(openListenProblem({ host: "0.0.0.0", port: 9 }, "keys")).toBeNull();
  for (const host of ["127.0.0.1", "127.9.9.9", "localhost", "::1"]) {
    expect(openListenProblem({ host, port: 9 }, "none"), host).toBeNull();
  }
});
