/**
 * The contract between the `tocsin` program and its subcommands. A subcommand is a value with a
 * name, a help text and one function; it never touches the process itself: everything it reads or
 * prints passes through `Io`, so a test runs it in-process and reads what a user would have seen.
 */

/** The world as a subcommand sees it. `out` and `err` write exactly the text they are given. */
export type Io = {
  out(text: string): void;
  err(text: string): void;
  env: NodeJS.ProcessEnv;
  /** True when standard output is a terminal: colours and progress lines are only for people. */
  isTty: boolean;
  /** Standard input; absent where there is none. */
  input?: AsyncIterable<Uint8Array>;
  /**
   * Takes Ctrl-C over from the system: the returned signal is aborted by the first one, and the
   * command then finishes by itself. A command that never calls it is ended as usual.
   */
  interrupted?(): AbortSignal;
};

/**
 * One subcommand; its file exports it as `command`. `run` resolves with the exit code (see EXIT)
 * and does not throw for anything a user can cause; an exception is a defect and shown as one.
 */
export type Command = {
  name: string;
  /** One line for the list of commands. */
  summary: string;
  /** The whole text of `--help`, with examples, ending with a newline. */
  help: string;
  run(args: string[], io: Io): Promise<number>;
};

/** Exit codes of every subcommand. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;
