/**
 * What dispatching needs of an Alertmanager configuration, as plain data: the route tree with
 * every inherited setting filled in, inhibition rules and named time intervals. It travels
 * through the log (I11), so it holds no secret: where a receiver's messages go and with which
 * credentials is known to the delivery worker alone.
 */
import type { Matcher } from "../incident/types.ts";
import type { ZoneOffsets } from "./zones.ts";

export type DispatchConfig = {
  /** The root matches every alert. */
  route: RouteConfig;
  inhibitRules: InhibitRule[];
  /** By name; used by mute and active time intervals of routes. */
  timeIntervals: Record<string, TimeInterval[]>;
  /** By the names that time intervals use as their location. */
  zones: Record<string, ZoneOffsets>;
  receivers: ReceiverOutline[];
};

/** A node of the route tree. What Alertmanager lets a child inherit is already filled in. */
export type RouteConfig = {
  /** Depth-first position, from 0: names the route in groups, timers and explanations. */
  index: number;
  receiver: string;
  /** All must hold; the root has none. Old match and match_re are turned into these. */
  matchers: Matcher[];
  /** Goes on to the next sibling after a match. */
  continue: boolean;
  /** Sorted. Null: '...', each distinct label set is a group of its own. */
  groupBy: string[] | null;
  groupWaitMs: number;
  groupIntervalMs: number;
  repeatIntervalMs: number;
  muteTimeIntervals: string[];
  activeTimeIntervals: string[];
  /** Attached to the route's groups, inherited ones included; values may be templates. */
  labels?: Record<string, string>;
  routes: RouteConfig[];
};

export type InhibitRule = {
  /** For explanations; may be "". */
  name: string;
  /** One entry per source; an alert is inhibited when every source has a firing match. */
  sources: { matchers: Matcher[]; equal: string[] }[];
  targetMatchers: Matcher[];
  /** Labels that source and target must have equal values of; absent equals empty. */
  equal: string[];
};

/** Alertmanager's time interval: all fields that are present must contain the moment. */
export type TimeInterval = {
  /** Minutes of the day, [from, to); 0 to 1440. */
  times: { fromMinute: number; toMinute: number }[] | null;
  /** 0 is Sunday; both ends belong to it. */
  weekdays: { from: number; to: number }[] | null;
  /** 1 to 31; negative counts from the month's end, -1 being its last day. */
  daysOfMonth: { from: number; to: number }[] | null;
  months: { from: number; to: number }[] | null;
  years: { from: number; to: number }[] | null;
  /** IANA name, "UTC" where none is given, "Local" is resolved when the file is read. */
  location: string;
};

/** A receiver as decisions see it: which integrations it has, in the order of the file. */
export type ReceiverOutline = { name: string; integrations: Integration[] };

export type Integration = {
  /** "webhook", "slack", "email", "pagerduty", … as in `webhook_configs`. */
  kind: string;
  /** Position among the receiver's integrations of this kind, from 0. */
  index: number;
  sendResolved: boolean;
};
