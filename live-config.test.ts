/** Reloads of a real file, seen by the partitions' log and by whoever uses what is in force. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sampleTemplateData } from "./channels/templates/sample-data.ts";
import { LiveConfig } from "./live-config.ts";
import type { IncidentConfig } from "./actors/incident/types.ts";
import { RetryableError } from "./runtime/errors.ts";
import type { Log } from "./runtime/ports.ts";
import { codec } from "./streams/codec.ts";

let folder: string;
let file: string;
let live: LiveConfig;
/** Called at each append to an incident partition with the receiver of its root route. */
let appended: (receiver: string) => void;

const write = (receiver: string): void =>
  writeFileSync(file, `route: { receiver: ${receiver} }\nreceivers: [{ name: ${receiver} }]\n`);
const names = (): string[] => live.config.alertmanager?.receivers.map(({ name }) => name) ?? [];
const log = {
  append: async (subject: string, data: Uint8Array) => {
    const { config } = codec.decode(data) as { config: IncidentConfig };
    if (subject.startsWith("work.")) appended(config.dispatch?.route.receiver ?? "");
    return 1;
  },
} as unknown as Log;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-live-"));
  file = join(folder, "alertmanager.yml");
  write("first");
  appended = () => {};
  live = await LiveConfig.open(file, pino({ level: "silent" }));
  await live.announce(log, { dedup: 8, incident: 8, lanes: 8 });
});
afterEach(async () => {
  await live.close();
  rmSync(folder, { recursive: true });
});

test("whoever delivers knows a new receiver before any partition decides for it", async () => {
  write("second");
  const known: boolean[] = [];
  appended = (receiver) => void known.push(names().includes(receiver));
  expect(await live.reload()).toEqual({ kind: "done", nextStart: [] });
  expect(new Set(known)).toEqual(new Set([true]));
  expect(names()).toEqual(["second"]);
});

test.each([
  ["out of reach", new RetryableError("the log is out of reach"), "the log is out of reach"],
  ["in trouble", new TypeError("secret"), "an unexpected error; the log says which"],
])("a log that is %s leaves everything as it was; partitions hear so", async (_, error, why) => {
  const before = live.renderer;
  write("second");
  let failed = live.renderer;
  const heard: string[] = [];
  appended = (receiver) => {
    heard.push(receiver);
    if (heard.length !== 2) return;
    failed = live.renderer;
    throw error;
  };
  expect(await live.reload()).toEqual({ kind: "failed", why });
  expect(live.last.succeeded).toBe(false);
  expect(names()).toEqual(["first"]);
  expect(heard.at(-1)).toBe("first");
  const data = sampleTemplateData(Date.now());
  expect(live.renderer).toBe(before);
  expect(await live.renderer.render("{{ .Status }}", data)).toBe("firing");
  await expect(failed.render("{{ .Status }}", data)).rejects.toMatchObject({ kind: "closed" });
});
