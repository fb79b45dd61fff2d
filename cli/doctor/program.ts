/** Checks of the running program: is it there, is it well, what do its acknowledgements mean. */
import { describeDurability, readDurability } from "../../streams/engines/durability.ts";
import { isFree } from "../../streams/engines/free-port.ts";
import { monitorUrlOf, preferredPort } from "../../streams/engines/nats-child.ts";
import type { Durability } from "../../streams/engines/nats-config.ts";
import { ok, problem, warn, type Finding } from "./finding.ts";

const requestTimeoutMs = 3_000;
const shownCharsMax = 300;

/** What GET /v1/status tells, as far as it is needed here. */
export type ProgramStatus = {
  version?: string;
  listening?: unknown;
  nats?: { url?: string; monitorUrl?: string; version?: string };
};

export type Program =
  | { kind: "running"; status: ProgramStatus; ready: boolean; answer: string }
  | { kind: "absent" }
  | { kind: "stranger"; answer: string };

/** Asks whoever answers at the URL whether it is Tocsin. @param key an API key; "": none. */
export async function findProgram(url: string, key: string): Promise<Program> {
  let status: ProgramStatus;
  try {
    const response = await ask(`${url}/v1/status`, key);
    const text = await response.text();
    if (response.status === 401) return { kind: "stranger", answer: "401: set TOCSIN_KEY" };
    if (!response.ok) return { kind: "stranger", answer: `${response.status} to /v1/status` };
    status = JSON.parse(text) as ProgramStatus;
    if (typeof status.version !== "string") throw new SyntaxError("no version");
  } catch (error) {
    if (error instanceof SyntaxError) return { kind: "stranger", answer: "no JSON with a version" };
    return { kind: "absent" };
  }
  try {
    const response = await ask(`${url}/health/ready`, key);
    const answer = (await response.text()).slice(0, shownCharsMax);
    return { kind: "running", status, ready: response.ok, answer };
  } catch (error) {
    return { kind: "running", status, ready: false, answer: (error as Error).message };
  }
}

function ask(url: string, key: string): Promise<Response> {
  const headers: Record<string, string> = key === "" ? {} : { authorization: `Bearer ${key}` };
  const signal = AbortSignal.timeout(requestTimeoutMs);
  return fetch(url, { headers, signal, redirect: "error" });
}

export function checkProgram(program: Program, url: string): Finding {
  const check = "running program";
  switch (program.kind) {
    case "absent":
      return warn(check, `nothing answers at ${url}`, "start it with npm start, or name its --url");
    case "stranger":
      return problem(
        check,
        `something else answers at ${url} (${program.answer})`,
        "stop it, or start Tocsin elsewhere: npm start -- --listen 127.0.0.1:0",
      );
    case "running": {
      const detail = `v${program.status.version ?? "?"} at ${url}`;
      if (program.ready) return ok(check, `${detail}, ready`);
      const advice = "wait if it has just started; else see its log";
      return problem(check, `${detail}, not ready: ${program.answer}`, advice);
    }
    default:
      return assertNever(program);
  }
}

/**
 * In force where a nats-server answers; else what the configuration promises. The monitor port
 * comes from the program, else from the configuration of its nats-server.
 */
export async function checkDurability(
  program: Program,
  dataDir: string,
  nats: { url: string | null; durability: Durability },
): Promise<Finding> {
  const check = "durability";
  const told = program.kind === "running" ? program.status.nats?.monitorUrl : undefined;
  if (told === undefined && nats.url !== null) {
    const advice = "see jetstream.config.sync_always and sync_interval in its /varz";
    return warn(check, "decided by your own NATS server", advice);
  }
  const monitorUrl = told ?? monitorUrlOf(dataDir);
  try {
    if (monitorUrl === null) throw new Error("it was never started");
    return ok(check, describeDurability(await readDurability(monitorUrl)));
  } catch (error) {
    if (program.kind !== "running") return ok(check, `configured: ${nats.durability}; not running`);
    const detail = `unknown: nats-server does not answer (${(error as Error).message})`;
    return problem(check, detail, "see the program's log and the data directory's nats/log");
  }
}

/** Ports that a start would want, when nothing of ours runs. */
export async function checkPorts(
  program: Program,
  listen: { host: string; port: number },
  natsPort: number | "preferred",
): Promise<Finding[]> {
  if (program.kind === "running") return [];
  const findings: Finding[] = [];
  if (listen.port !== 0) findings.push(await checkPort("listen port", listen.port));
  if (natsPort === "preferred") {
    const free = await isFree(preferredPort);
    const detail = free ? `${preferredPort} is free` : `${preferredPort} is taken, another is used`;
    findings.push(ok("nats port", detail));
  } else if (natsPort !== 0) findings.push(await checkPort("nats port", natsPort));
  return findings;
}

async function checkPort(check: string, port: number): Promise<Finding> {
  if (await isFree(port)) return ok(check, `${port} is free`);
  return problem(check, `${port} is in use`, "free it, or choose another port (0: any free one)");
}

function assertNever(value: never): never {
  throw new Error(`unexpected program: ${JSON.stringify(value)}`);
}
