/** Webhook messages of version 4, reduced to what two programs must agree on. */
import type { ReceivedDelivery } from "../webhook-receiver.ts";

type Labels = Record<string, string>;
type Left = { endsAt: string; isNew?: boolean };
type Told = { status: string; labels: Labels };

export type Message = {
  atMs: number;
  /** Below the program's own part: "/team". */
  path: string;
  receiver: string;
  groupKey: string;
  status: string;
  alerts: Told[];
  /** All of the body but times that each program makes for itself. */
  body: Record<string, unknown>;
};

/** Not in every version of Alertmanager's; `isNew` of an alert is in none. */
const additions = ["notification_reason", "routeLabels"];

export function messageOf({ path, body, atMs }: ReceivedDelivery): Message {
  type Body = Pick<Message, "receiver" | "groupKey" | "status">;
  const read = JSON.parse(body) as Body & { alerts: (Told & Left)[] };
  const rest = Object.entries(read).filter(([name]) => !additions.includes(name));
  const alerts = read.alerts.map(({ endsAt: _end, isNew: _isNew, ...alert }) => alert);
  const { receiver, groupKey, status } = read;
  return {
    atMs,
    path: path.replace(/^\/[^/]*/, ""),
    ...{ receiver, groupKey, status, alerts: read.alerts },
    body: Object.fromEntries([...rest, ["alerts", alerts]]),
  };
}

/** `team firing: a, b ended`: by the label `instance`, else the name. */
export function summary({ path, status, alerts }: Message): string {
  const shown = alerts.map(({ labels, status: each }) => {
    const name = labels["instance"] ?? labels["alertname"];
    return each === "firing" ? name : `${name} ended`;
  });
  return `${path.slice(1)} ${status}: ${shown.join(", ")}`;
}

/** By path, receiver and group, in order of time: what different groups tell is in no order. */
export function byGroup(messages: readonly Message[]): Record<string, Message[]> {
  const groups: Record<string, Message[]> = {};
  for (const message of messages) {
    const { path, receiver, groupKey } = message;
    (groups[`${path} ${receiver} ${groupKey}`] ??= []).push(message);
  }
  return groups;
}
