/** Alerts that began to fire before there were routes. */
import { expect, test } from "vitest";
import { load, smallest } from "../../testing/alertmanager-file.ts";
import { Dispatcher, type DispatchOutput } from "./dispatcher.ts";
import { Silences } from "./silences.ts";

const webhook = { kind: "webhook", index: 0, sendResolved: true };
const { dispatch } = load(smallest);
const config = { ...dispatch, receivers: [{ name: "a", integrations: [webhook] }] };
const body = (alertname: string) => {
  return { labels: { alertname }, annotations: {}, generatorURL: "", dedupKey: null };
};
const overlooked = (alertname: string) => {
  return { fingerprint: alertname, body: body(alertname), startsAtMs: 0, endsAtMs: 900_000 };
};
const ended = (fingerprint: string, atMs: number) => {
  const at = { atMs, endedAtMs: atMs, received: 1, total: 2 } as const;
  return { kind: "resolved", fingerprint, by: "sender", ...at } as const;
};

function world() {
  const told: string[] = [];
  const dispatcher = new Dispatcher(0, config, new Silences());
  const emit = (output: DispatchOutput): void => {
    if (output.kind !== "notifyGroup") return;
    told.push(...output.notification.alerts.map(({ labels }) => labels["alertname"] ?? ""));
  };
  return { dispatcher, told, emit };
}

test("what was overlooked is told of like any alert, and taken over once", () => {
  const { dispatcher, told, emit } = world();
  dispatcher.takeOver([overlooked("Down")], 1_000, emit);
  dispatcher.flush("grp-0-1", 40_000, emit);
  dispatcher.takeOver([overlooked("Down")], 50_000, emit);
  dispatcher.flush("grp-0-1", 400_000, emit);
  expect(told).toEqual(["Down"]);
});

test("what ended while it was looked for does not come back", () => {
  const { dispatcher, told, emit } = world();
  dispatcher.apply(ended("Down", 1_000), 1_000, emit);
  dispatcher.takeOver([overlooked("Down")], 2_000, emit);
  expect(dispatcher.alerts.size).toBe(0);
  // It begins anew: that end is of the past.
  const times = { atMs: 3_000, startsAtMs: 3_000, endsAtMs: 900_000 };
  const opened = { kind: "opened", fingerprint: "Down", received: 1, ...times } as const;
  dispatcher.apply({ ...opened, body: body("Down") }, 3_000, emit);
  dispatcher.flush("grp-0-1", 40_000, emit);
  expect(told).toEqual(["Down"]);
});

test("ends of alerts that nobody knew are remembered for a while, and not without bound", () => {
  const { dispatcher, emit } = world();
  for (let n = 0; n < 30_000; n++) dispatcher.apply(ended(`f${n}`, n), n, emit);
  expect(dispatcher.ended.size).toBe(20_000);
  dispatcher.apply(ended("last", 1_000_000), 1_000_000, emit);
  expect([...dispatcher.ended.keys()]).toEqual(["last"]);
});
