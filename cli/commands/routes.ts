/** `tocsin routes`: the tree of routes of a configuration, and which of them an alert takes. */
import type { Labels } from "../../actors/alert/events.ts";
import { matcherText } from "../../actors/dispatch/text.ts";
import type { AlertmanagerConfig } from "../../runtime/config/alertmanager/load.ts";
import { momentForm, parseMoment } from "../../runtime/config/moment.ts";
import { type RouteTrace, traceRoutes } from "../../runtime/route-trace.ts";
import { configFileOf, configHelp, readAlertmanagerConfig } from "../alertmanager-config.ts";
import { paintFor } from "../colours.ts";
import { EXIT } from "../command.ts";
import type { Io } from "../command.ts";
import { defineCommand, usageError } from "../define-command.ts";
import type { Flags } from "../define-command.ts";
import { readLabelPairs } from "../label-pairs.ts";
import { plain } from "../plain-text.ts";
import {
  inhibitionText,
  routeJson,
  routeTree,
  shownLabels,
  takingText,
  triedJson,
  triedTree,
} from "../route-text.ts";
import { drawTree } from "../tree-drawing.ts";

const help = `tocsin routes [show] [options]
tocsin routes test LABEL=VALUE… [options]

show draws the tree of routes with every setting that holds, inherited ones included: matchers,
receiver and its integrations, group_by, group_wait, group_interval, repeat_interval, continue and
time intervals.

test says which receivers an alert with these labels would go to, in which group, what mutes it at
a moment, and why: each route that was tried, and the matcher that did not hold. It also says which
alerts would inhibit it. Nothing needs to run, and nothing is sent.

${configHelp}
  --at TIME      test: the moment, e.g. 2026-03-02T09:00:00Z (default: now)
  --tree         test: also show routes that were not tried
  --verify.receivers A,B
                 test: exit with 1 unless the alert goes to exactly these receivers, in any order
  --json         as JSON
  --url URL      has no effect: no running Tocsin is needed

Examples
  tocsin routes show --config alertmanager.yml
  tocsin routes test --config alertmanager.yml alertname=Down severity=critical
  tocsin routes test severity=warning --at 2026-03-07T23:00:00+01:00 --tree
  tocsin routes test severity=critical team=db --verify.receivers=archive,database-on-call
`;

async function run(flags: Flags, io: Io): Promise<number> {
  const [action = "show", ...pairs] = flags.positionals;
  switch (action) {
    case "show":
      return show(flags, io, pairs);
    case "test":
      return tested(flags, io, pairs);
    default:
      throw usageError(`got "${plain(action)}", expected show or test`);
  }
}

function show(flags: Flags, io: Io, more: string[]): number {
  if (more.length > 0) throw usageError(`got "${plain(more[0]!)}"; labels are for: routes test`);
  for (const name of ["at", "tree", "verify.receivers"]) {
    if (flags.has(name)) throw usageError(`--${name} is for: routes test`);
  }
  const config = readAlertmanagerConfig(configFileOf(flags, io));
  if (flags.has("json")) {
    io.out(`${JSON.stringify(routeJson(config, config.dispatch.route), null, 2)}\n`);
  } else io.out(drawTree(routeTree(config, paintFor(io))));
  return EXIT.ok;
}

function tested(flags: Flags, io: Io, pairs: string[]): number {
  if (pairs.length === 0) throw usageError("give the alert's labels as LABEL=VALUE");
  const labels = readLabelPairs(pairs);
  const atMs = readAt(flags);
  const config = readAlertmanagerConfig(configFileOf(flags, io));
  const trace = traceRoutes(config.dispatch, labels, atMs);
  const receivers = [...new Set(trace.taking.map(({ route }) => route.receiver))];
  const expected = expectedReceivers(flags);
  const isExpected = expected === null || sameNames(expected, receivers);
  const told = { labels, atMs, receivers, trace };
  if (flags.has("json")) {
    const verified = expected === null ? null : isExpected;
    io.out(`${JSON.stringify({ ...jsonOf(told), verified }, null, 2)}\n`);
  } else print(told, config, flags, io);
  if (isExpected) return EXIT.ok;
  const [wanted, found] = [expected ?? [], receivers].map((names) => plain(names.join(", ")));
  io.err(`tocsin routes: the alert goes to ${found}, expected ${wanted}\n`);
  return EXIT.failed;
}

function readAt(flags: Flags): number {
  const text = flags.text("at");
  if (text === null) return Date.now();
  const atMs = parseMoment(text);
  if (atMs === null) throw usageError(`--at: got "${plain(text)}", expected ${momentForm}`);
  return atMs;
}

function expectedReceivers(flags: Flags): string[] | null {
  const text = flags.text("verify.receivers");
  return text === null ? null : text.split(",").filter((name) => name !== "");
}

function sameNames(a: string[], b: string[]): boolean {
  const [namesA, namesB] = [new Set(a), new Set(b)];
  return namesA.size === namesB.size && [...namesA].every((name) => namesB.has(name));
}

type Told = { labels: Labels; atMs: number; receivers: string[]; trace: RouteTrace };

function print(told: Told, config: AlertmanagerConfig, flags: Flags, io: Io): void {
  const { labels, atMs, receivers, trace } = told;
  const paint = paintFor(io);
  const at = new Date(atMs).toISOString().replace(".000Z", "Z");
  io.out(`${shownLabels(labels)} at ${at} goes to ${plain(receivers.join(", "))}\n\n`);
  for (const taking of trace.taking) io.out(`${takingText(config, taking, paint)}\n`);
  io.out(`Why\n${drawTree(triedTree(trace.tried, flags.has("tree"), paint))}`);
  if (trace.inhibitions.length === 0) return;
  io.out("\nWould be inhibited\n");
  for (const each of trace.inhibitions) io.out(`  ${inhibitionText(each)}\n`);
}

function jsonOf({ labels, atMs, receivers, trace }: Told): object {
  return {
    labels,
    at: new Date(atMs).toISOString(),
    receivers,
    routes: trace.taking.map(({ route, ...taking }) => ({
      route: route.index,
      receiver: route.receiver,
      ...taking,
      groupWaitMs: route.groupWaitMs,
      groupIntervalMs: route.groupIntervalMs,
      repeatIntervalMs: route.repeatIntervalMs,
    })),
    tried: triedJson(trace.tried),
    inhibitedWhile: trace.inhibitions.map(({ index, name, sources, noTargets }) => ({
      rule: index,
      name,
      sources: sources.map((matchers, at) => ({
        matchers: matchers.map(matcherText),
        noTarget: noTargets[at] === true,
      })),
    })),
  };
}

export const command = defineCommand({
  name: "routes",
  summary: "draw the tree of routes; test which of them an alert takes, and why",
  help,
  options: { config: "text", at: "text", tree: "switch", "verify.receivers": "text" },
  run,
});
