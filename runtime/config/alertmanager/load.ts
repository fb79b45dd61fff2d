/**
 * From an alertmanager.yml to what Tocsin does with it: the decisions' part, without secrets, and
 * the deliveries' part. It is read as Alertmanager reads it: what that refuses is refused here,
 * all of it at once, and what would surprise is warned of.
 */
import type { DispatchConfig } from "../../../actors/dispatch/config.ts";
import { zoneOffsets } from "../../time-zones.ts";
import { deepFreeze, readConfigFile } from "../config-file.ts";
import type { Problem } from "../problems.ts";
import { Reading } from "../reading.ts";
import { ConfigValue } from "../value.ts";
import { readGlobal } from "./global.ts";
import { readInhibitRules } from "./inhibition.ts";
import { warnOfInhibition } from "./inhibition-traps.ts";
import { showWithoutSecrets } from "./original.ts";
import {
  outlineOf,
  readReceivers,
  type NotDelivered,
  type ReceiverSettings,
} from "./receivers.ts";
import { warnOfRoutes } from "./route-traps.ts";
import { readRoutes } from "./routes.ts";
import { checkTelemetry } from "./telemetry.ts";
import { readTemplateFiles } from "./template-files.ts";
import { readTimeIntervals } from "./time-intervals.ts";
import { warnOfUnseenLabels } from "./unseen-labels.ts";

export type AlertmanagerConfig = {
  /** Holds no secret: it goes through the log. */
  dispatch: DispatchConfig;
  /** With secrets, and what `global` provides filled in. */
  receivers: ReceiverSettings[];
  /** Absolute paths of what matches the patterns of `templates`. */
  templateFiles: string[];
  /** An alert without an end counts as resolved when it was not sent again for so long. */
  resolveTimeoutMs: number;
  /** The file as it may be shown, each secret as `<secret>`. */
  original: string;
  /** Integrations that are read and checked, and that nothing is sent to. */
  notDelivered: NotDelivered[];
  /** What is taken over and will surprise, in the order of the file. */
  warnings: Problem[];
};

/** Alertmanager has no such limit; large files have a few 100,000 values. */
const placesMax = 1_000_000;

const sections = [
  "global",
  "route",
  "inhibit_rules",
  "receivers",
  "templates",
  "mute_time_intervals",
  "time_intervals",
  "tracing",
  "event_recorder",
] as const;

/**
 * The result is frozen.
 * @param file files that it names are looked for beside it.
 * @param text the file's content, when the caller has it already.
 * @param seenLabels labels that alerts have had; routes that ask for others are warned of.
 * @throws ConfigError with all problems.
 */
export function loadAlertmanagerConfig(
  file: string,
  text?: string,
  seenLabels?: ReadonlySet<string>,
): AlertmanagerConfig {
  const source = text ?? readConfigFile(file);
  const secretive = ["global", "receivers", "tracing", "event_recorder"];
  const reading = new Reading(file, source, { placesMax, yamlVersion: "1.1", secretive });
  const root = new ConfigValue(reading, reading.document.contents, "", null);
  const config = readAll(root, file, seenLabels);
  reading.endIfBad();
  const warnings = reading.warnings.toSorted(
    (a, b) => a.line - b.line || a.column - b.column,
  );
  const zones = zonesOf(config.dispatch.timeIntervals);
  const dispatch = { ...config.dispatch, zones };
  return deepFreeze({ ...config, dispatch, original: showWithoutSecrets(reading), warnings });
}

function readAll(
  root: ConfigValue,
  configFile: string,
  seenLabels: ReadonlySet<string> | undefined,
): Omit<AlertmanagerConfig, "original" | "warnings"> {
  const section = root.section(sections);
  const global = readGlobal(section("global"), configFile);
  const { receivers, notDelivered, names } = readReceivers(section("receivers"), {
    configFile,
    global,
  });
  const intervals = readTimeIntervals([section("mute_time_intervals"), section("time_intervals")]);
  const routes = readRoutes(section("route"), { receivers: names, timeIntervals: intervals.names });
  const inhibitRules = readInhibitRules(section("inhibit_rules"));
  checkTelemetry(section("tracing"), section("event_recorder"), configFile);
  warnOfRoutes(routes, { receivers: names, timeIntervals: intervals.names });
  warnOfInhibition(inhibitRules);
  if (seenLabels !== undefined) warnOfUnseenLabels(routes, seenLabels);
  return {
    dispatch: {
      route: routes.config,
      inhibitRules: inhibitRules.map(({ rule }) => rule),
      timeIntervals: intervals.timeIntervals,
      zones: {},
      receivers: receivers.map(outlineOf),
    },
    receivers,
    templateFiles: readTemplateFiles(section("templates"), configFile),
    resolveTimeoutMs: global.resolve_timeout,
    notDelivered,
  };
}

/** Once all locations are known to exist. */
function zonesOf(intervals: DispatchConfig["timeIntervals"]): DispatchConfig["zones"] {
  const all = Object.values(intervals).flat();
  const names = new Set(all.map(({ location }) => location));
  return Object.fromEntries([...names].map((name) => [name, zoneOffsets(name)]));
}
