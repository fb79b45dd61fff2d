/** The `tocsin` command as a whole: finding subcommands, help, and failing well. */
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { capturedIo } from "../testing/captured-io.ts";
import { commandNames, runTocsin } from "./run-command.ts";

test("help lists every command with its summary", async () => {
  const io = capturedIo();
  expect(await runTocsin([], io)).toBe(0);
  for (const name of commandNames) expect(io.stdout()).toMatch(new RegExp(`^  ${name} +\\S`, "m"));
});

test("every command explains itself, with examples, --json and --url", async () => {
  for (const name of commandNames) {
    const io = capturedIo();
    expect([name, await runTocsin([name, "--help"], io)]).toEqual([name, 0]);
    const again = capturedIo();
    await runTocsin(["help", name], again);
    expect(again.stdout()).toBe(io.stdout());
    expect(io.stdout()).toContain(`tocsin ${name}`);
    expect(io.stdout()).toMatch(/^Examples/m);
    expect(io.stdout()).toContain("--json");
    expect(io.stdout()).toContain("--url");
    expect(io.stdout().endsWith("\n")).toBe(true);
  }
});

test("an unknown command is wrong usage and suggests the nearest", async () => {
  const io = capturedIo();
  expect(await runTocsin(["incident"], io)).toBe(2);
  expect(io.stderr()).toContain('Did you mean "incidents"?');
  const far = capturedIo();
  expect(await runTocsin(["constructor"], far)).toBe(2);
  expect(far.stderr()).not.toContain("Did you mean");
});

test("the version is the package's", async () => {
  const io = capturedIo();
  expect(await runTocsin(["--version"], io)).toBe(0);
  expect(io.stdout()).toMatch(/^tocsin \d+\.\d+\.\d+\n$/);
});

test("nothing listening is said with what to do", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  for (const args of [["incidents"], ["ack", "x"], ["send", "a=b"], ["tail"], ["demo"]]) {
    const io = capturedIo({ TOCSIN_URL: `http://127.0.0.1:${port}` });
    expect([args, await runTocsin(args, io)]).toEqual([args, 1]);
    expect(io.stderr()).toContain(`nothing answers on http://127.0.0.1:${port}`);
    expect(io.stderr()).toContain("npm start");
  }
});

test("another program on the port is recognised as such", async () => {
  const server = createServer((_, response) => {
    response.statusCode = 404;
    response.end("<html>not found</html>");
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const io = capturedIo();
  expect(await runTocsin(["incidents", "--url", `127.0.0.1:${port}/`], io)).toBe(1);
  expect(io.stderr()).toContain("is it Tocsin");
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test("the program itself runs under Node and passes the exit code on", async () => {
  const run = promisify(execFile);
  const program = fileURLToPath(new URL("tocsin.ts", import.meta.url));
  const node = fileURLToPath(new URL("../node_modules/.bin/node", import.meta.url));
  const good = await run(node, [program, "--version"]);
  expect(good.stdout).toMatch(/^tocsin /);
  const bad = await run(node, [program, "nonsense"]).catch((error: unknown) => error);
  expect(bad).toMatchObject({ code: 2, stdout: "" });
});
