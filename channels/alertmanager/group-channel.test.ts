/** Which integration a group notification reaches, and in which order. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { TerminalError } from "../../runtime/errors.ts";
import { groupChannel, resolvedGroup, sampleGroup } from "../../testing/group-delivery.ts";
import { receiversOf } from "../../testing/group-delivery.ts";
import { startWebhookReceiver } from "../../testing/webhook-receiver.ts";
import type { WebhookReceiver } from "../../testing/webhook-receiver.ts";
import { GroupOrder } from "./group-order.ts";

let server: WebhookReceiver;
beforeAll(async () => void (server = await startWebhookReceiver()));
beforeEach(() => void server.deliveries.splice(0));
afterAll(() => server.stop());

const yaml = (): string =>
  `receivers:
    - name: team.x
      webhook_configs: [{ url: "${server.url}/0" }, { url: "${server.url}/1" }]
      discord_configs: [{ webhook_url: "${server.url}/discord" }]
    - { name: other, webhook_configs: [{ url: "${server.url}/other" }] }`;
const to = (kind: string, index: number): ReturnType<typeof sampleGroup> =>
  sampleGroup({ integration: { kind, index } });
const paths = (): string[] => server.deliveries.map(({ path }) => path);

test("receiver, kind and position name the integration", async () => {
  const send = groupChannel(yaml());
  await send(to("webhook", 1));
  await send(to("webhook", 0));
  await send({ ...to("webhook", 0), receiver: "other" });
  expect(paths()).toEqual(["/1", "/0", "/other"]);
});

test("what is not configured, or not delivered, is named", async () => {
  const send = groupChannel(yaml());
  await expect(send({ ...to("webhook", 0), receiver: "nobody" })).rejects.toEqual(
    new TerminalError("no receiver named nobody is configured"),
  );
  await expect(send(to("webhook", 2))).rejects.toEqual(
    new TerminalError("receiver team.x: no webhook_configs[2] is configured"),
  );
  await expect(send(to("slack", 0))).rejects.toEqual(
    new TerminalError("receiver team.x: no slack_configs[0] is configured"),
  );
  await expect(send(to("discord", 0))).rejects.toEqual(
    new TerminalError("receiver team.x: discord is not delivered by Tocsin"),
  );
});

test("a changed configuration counts at the next attempt", async () => {
  let receivers = receiversOf(yaml());
  const send = groupChannel(yaml(), { receivers: () => receivers });
  await send(to("webhook", 0));
  receivers = receiversOf(yaml().replace("/0", "/moved"));
  await send(to("webhook", 0));
  expect(paths()).toEqual(["/0", "/moved"]);
});

test("a notification that a later one of its group has overtaken is not sent", async () => {
  const send = groupChannel(yaml());
  const firing = to("webhook", 0);
  const resolved = resolvedGroup({ ...firing, atMs: firing.atMs + 1 });
  server.script("/0", { status: 503 });
  await expect(send(firing)).rejects.toMatchObject({ name: "RetryableError" });
  await send(resolved);
  await expect(send(firing)).rejects.toEqual(
    new TerminalError("superseded: a later notification of the group was delivered"),
  );
  await send({ ...firing, integration: { kind: "webhook", index: 1 } });
  await send({ ...firing, groupKey: "another" });
  await send(resolved);
  expect(paths()).toEqual(["/0", "/0", "/1", "/0", "/0"]);
});

test("attempts at one group run one after the other, others beside them", async () => {
  const order = new GroupOrder();
  const events: string[] = [];
  const group = sampleGroup();
  let open = (): void => {};
  const first = order.inOrder(group, async () => {
    events.push("first");
    await new Promise<void>((resolve) => (open = resolve));
    throw new Error("failed");
  });
  const second = order.inOrder(group, async () => void events.push("second"));
  await order.inOrder({ ...group, groupKey: "other" }, async () => void events.push("other"));
  expect(events).toEqual(["first", "other"]);
  open();
  await expect(first).rejects.toThrow("failed");
  await second;
  expect(events).toEqual(["first", "other", "second"]);
});

test("what was delivered is forgotten past a limit, the longest untouched first", async () => {
  const order = new GroupOrder(1);
  const group = sampleGroup();
  const sent = async (): Promise<string> => "sent";
  await order.inOrder(group, sent);
  await order.inOrder({ ...group, groupKey: "other" }, sent);
  await expect(order.inOrder({ ...group, atMs: 0 }, sent)).resolves.toBe("sent");
  const late = order.inOrder({ ...group, groupKey: "other", atMs: 0 }, sent);
  // The first group's entry, written just now, has taken the other's place.
  await expect(late).resolves.toBe("sent");
});
