/** An Io whose output a test can read. */
import type { Io } from "../cli/command.ts";

export type CapturedIo = Io & {
  stdout(): string;
  stderr(): string;
  /** What Ctrl-C does. */
  interrupt(): void;
};

/** @param input what standard input holds. */
export function capturedIo(env: NodeJS.ProcessEnv = {}, isTty = false, input = ""): CapturedIo {
  let out = "";
  let err = "";
  const controller = new AbortController();
  return {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    env,
    isTty,
    input: (async function* () {
      yield Buffer.from(input);
    })(),
    interrupted: () => controller.signal,
    stdout: () => out,
    stderr: () => err,
    interrupt: () => controller.abort(),
  };
}
