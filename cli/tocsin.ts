/** The `tocsin` program: gives the process to a subcommand, as its Io. */
import { EXIT } from "./command.ts";
import type { Io } from "./command.ts";
import { runTocsin } from "./run-command.ts";

const io: Io = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  env: process.env,
  isTty: process.stdout.isTTY === true,
  get input() {
    return process.stdin;
  },
  interrupted() {
    const controller = new AbortController();
    // Only once: a second Ctrl-C ends the process as usual.
    process.once("SIGINT", () => controller.abort());
    process.once("SIGTERM", () => controller.abort());
    return controller.signal;
  },
};

// A reader that has seen enough (`tocsin incidents | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? EXIT.ok : EXIT.failed);
});

process.exitCode = await runTocsin(process.argv.slice(2), io);
