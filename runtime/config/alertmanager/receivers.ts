/**
 * `receivers`: names, and behind each any number of integrations of eighteen kinds. All are read
 * and checked as Alertmanager does; those that Tocsin cannot deliver are told apart here.
 */
import type { Integration, ReceiverOutline } from "../../../actors/dispatch/config.ts";
import type { ConfigValue } from "../value.ts";
import { readEmail, readWebhook } from "./basic-integrations.ts";
import { readMattermost, readRocketchat, readSlack } from "./chat-integrations.ts";
import { textMap } from "./fields.ts";
import type { IntegrationContext } from "./integration-context.ts";
import {
  readDiscord,
  readMsteams,
  readMsteamsv2,
  readTelegram,
  readWebex,
  readWechat,
} from "./messenger-integrations.ts";
import {
  readIncidentio,
  readJira,
  readOpsgenie,
  readPagerduty,
  readPushover,
  readSns,
  readVictorops,
} from "./paging-integrations.ts";

const receiversMax = 10_000;
const integrationsMax = 1_000;

const readers = {
  webhook: readWebhook,
  slack: readSlack,
  email: readEmail,
  pagerduty: readPagerduty,
  opsgenie: readOpsgenie,
  victorops: readVictorops,
  pushover: readPushover,
  telegram: readTelegram,
  discord: readDiscord,
  msteams: readMsteams,
  msteamsv2: readMsteamsv2,
  sns: readSns,
  wechat: readWechat,
  webex: readWebex,
  jira: readJira,
  rocketchat: readRocketchat,
  incidentio: readIncidentio,
  mattermost: readMattermost,
};
type Readers = typeof readers;
export type IntegrationKind = keyof Readers;

const deliveredKinds: ReadonlySet<IntegrationKind> = new Set(
  ["webhook", "slack", "email", "pagerduty", "opsgenie"] as const,
);

/** Settings keep Alertmanager's own names; what global provides is filled in. */
export type IntegrationSettings = {
  [K in IntegrationKind]: {
    kind: K;
    /** Position among the receiver's integrations of this kind, from 0. */
    index: number;
    settings: ReturnType<Readers[K]>;
  };
}[IntegrationKind];

export type ReceiverSettings = {
  name: string;
  /** For filters by receiver; `name` is always among them. */
  labels: Record<string, string>;
  /** In the order of the file. */
  integrations: IntegrationSettings[];
};

export type NotDelivered = {
  receiver: string;
  kind: IntegrationKind;
  file: string;
  line: number;
  column: number;
};

export type ReadReceivers = {
  receivers: ReceiverSettings[];
  notDelivered: NotDelivered[];
  /** Where each name stands, for warnings. */
  names: Map<string, ConfigValue>;
};

export function readReceivers(value: ConfigValue, context: IntegrationContext): ReadReceivers {
  const names = new Map<string, ConfigValue>();
  const notDelivered: NotDelivered[] = [];
  const receivers = value.list(receiversMax).map((entry) => {
    const kinds = Object.keys(readers) as IntegrationKind[];
    const section = entry.section(["name", "labels", ...kinds.map((kind) => `${kind}_configs`)]);
    const name = section("name").scalarText("");
    if (name === "") section("name").expected("the receiver's name");
    else if (names.has(name)) section("name").problem(`the name ${name} is taken already`);
    else names.set(name, section("name"));
    const labels = textMap.read(section, "labels", context.configFile);
    if ((labels["name"] ?? name) !== name) {
      section("labels").problem("the label name is the receiver's name, expected no other");
    }
    const integrations = kindsInOrder(entry).flatMap((kind) =>
      readKind(kind, section(`${kind}_configs`), context, (at) =>
        notDelivered.push({ receiver: name, kind, ...at }),
      ),
    );
    return { name, labels: { ...labels, name }, integrations };
  });
  return { receivers, notDelivered, names };
}

/** What decisions need to know of receivers: whom to tell, so not what nothing is sent to. */
export function outlineOf(receiver: ReceiverSettings): ReceiverOutline {
  const integrations = receiver.integrations
    .filter(({ kind }) => deliveredKinds.has(kind))
    .map(
      ({ kind, index, settings }): Integration => ({
        kind,
        index,
        sendResolved: settings.send_resolved,
      }),
    );
  return { name: receiver.name, integrations };
}

function kindsInOrder(entry: ConfigValue): IntegrationKind[] {
  const kinds = entry.entries(integrationsMax).map(([key]) => key.replace(/_configs$/, ""));
  return kinds.filter((kind): kind is IntegrationKind => Object.hasOwn(readers, kind));
}

function readKind<K extends IntegrationKind>(
  kind: K,
  list: ConfigValue,
  context: IntegrationContext,
  onNotDelivered: (at: { file: string; line: number; column: number }) => void,
): IntegrationSettings[] {
  return list.list(integrationsMax).map((item, index) => {
    if (!item.present) item.expected(`the settings of ${kind}`);
    if (!deliveredKinds.has(kind)) onNotDelivered(item.position());
    const settings = readers[kind](item, context);
    return { kind, index, settings } as IntegrationSettings;
  });
}
