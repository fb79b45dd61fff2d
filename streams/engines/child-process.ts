/** One run of one program: how it is started, how it ends. */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";

export type Exit = { code: number | null; signal: NodeJS.Signals | null; error: string | null };

export type ChildRun = {
  /** -1 when the program could not be started. */
  pid: number;
  /** Never rejects. */
  exited: Promise<Exit>;
  /** Null while it runs. */
  exit(): Exit | null;
  kill(signal: NodeJS.Signals): void;
};

/**
 * Starts it in a process group of its own: a Ctrl-C in the terminal must reach only us, who end
 * it once everything that needs it is done. Its output replaces the content of `outputFile`.
 */
export function runChild(program: string, args: string[], outputFile: string): ChildRun {
  const output = openSync(outputFile, "w", 0o600);
  const child = spawn(program, args, { stdio: ["ignore", output, output], detached: true });
  closeSync(output);
  let exit: Exit | null = null;
  const exited = new Promise<Exit>((resolve) => {
    const end = (value: Exit) => resolve((exit ??= value));
    child.once("error", (error) => end({ code: null, signal: null, error: error.message }));
    child.once("exit", (code, signal) => end({ code, signal, error: null }));
  });
  return {
    pid: child.pid ?? -1,
    exited,
    exit: () => exit,
    kill: (signal) => void child.kill(signal),
  };
}

/** SIGTERM, then SIGKILL after the grace; resolves when the process is gone. */
export async function endChild(run: ChildRun, graceMs: number): Promise<Exit> {
  run.kill("SIGTERM");
  const timer = setTimeout(() => run.kill("SIGKILL"), graceMs);
  const exit = await run.exited;
  clearTimeout(timer);
  return exit;
}
