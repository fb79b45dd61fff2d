/** Runs another program in our place: its output, its exit code, and the signals sent to us. */
import { spawn } from "node:child_process";

/** @type {NodeJS.Signals[]} */
const forwarded = ["SIGTERM", "SIGHUP", "SIGINT", "SIGUSR2"];

/**
 * Becomes the program where this Node can (same process, so nothing has to be passed on), else
 * runs it and ends as it ended. Never returns.
 * @param {string} program
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<never>}
 */
export async function handOver(program, args, env = process.env) {
  if (typeof process.execve === "function" && process.platform !== "win32") {
    process.execve(program, [program, ...args], definedOnly(env));
  }
  const end = await runForwarding(program, args, { env, stdio: "inherit" });
  if (end.error !== null) {
    process.stderr.write(`tocsin: cannot run ${program}: ${end.error}\n`);
    process.exit(1);
  }
  if (end.signal !== null) {
    process.kill(process.pid, end.signal);
    await new Promise((resolve) => setTimeout(resolve, 1_000)); // the signal ends us first
  }
  process.exit(end.code ?? 1);
}

/** @param {NodeJS.ProcessEnv} env @returns {Record<string, string>} */
function definedOnly(env) {
  const entries = Object.entries(env).filter(([, value]) => value !== undefined);
  return /** @type {Record<string, string>} */ (Object.fromEntries(entries));
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {import("node:child_process").SpawnOptions} options
 * @returns {Promise<{ code: number | null, signal: NodeJS.Signals | null, error: string | null }>}
 */
export function runForwarding(program, args, options) {
  return new Promise((resolve) => {
    const child = spawn(program, args, options);
    const handlers = forwarded.map((signal) => {
      const handler = () => {
        // A Ctrl-C reaches the whole foreground group: the program has got it already.
        if (signal === "SIGINT" && process.stdin.isTTY) return;
        child.kill(signal);
      };
      process.on(signal, handler);
      return () => process.off(signal, handler);
    });
    const finish = (end) => {
      for (const remove of handlers) remove();
      resolve(end);
    };
    child.once("error", (error) => finish({ code: null, signal: null, error: error.message }));
    child.once("exit", (code, signal) => finish({ code, signal, error: null }));
  });
}
