import { expect, test } from "vitest";
import { loadConfig } from "../runtime/config/load.ts";
import { checkReceivers, findReceiver } from "./receivers.ts";

const receivers = (headers: string) =>
  loadConfig(
    null,
    `receivers:
  - name: on-call
    webhook: { url: "http://127.0.0.1:1/a", headers: { ${headers} } }
`,
  ).receivers;

test("good receivers pass; one with a header that is ours is refused by its name", () => {
  expect(() => checkReceivers(receivers("X-Team: platform"))).not.toThrow();
  expect(() => checkReceivers(receivers("Content-Type: text/plain"))).toThrow(
    /^receiver on-call: .*content-type/,
  );
});

test("receivers are found by name", () => {
  const configured = receivers("X-Team: platform");
  expect(findReceiver(configured, "on-call")).toMatchObject({
    channel: "webhook",
    target: { url: "http://127.0.0.1:1/a", headers: { "x-team": "platform" } },
  });
  expect(findReceiver(configured, "nobody")).toBe(null);
});
