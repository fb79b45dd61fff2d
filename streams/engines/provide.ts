/**
 * Makes sure of a nats-server and prints its path: how cli/test.mjs sets the machine up before
 * the tests. Progress goes to standard error.
 */
import { ensureNatsServer } from "./nats-binary.ts";

try {
  const say = (line: string) => void process.stderr.write(`tocsin: ${line}\n`);
  const binary = await ensureNatsServer({ env: process.env, say });
  process.stdout.write(`${binary.path}\n`);
} catch (error) {
  process.stderr.write(`tocsin: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
