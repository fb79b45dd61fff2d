/**
 * What every script exports to k6. By hand a script is complete: it makes the population known,
 * sends, and waits at the end until what the server accepted is processed. Run by the runner
 * (ALONE=no) it only sends, since the runner does the rest, and more of it.
 */
import { sleep } from "k6";
import http from "k6/http";
import { Gauge } from "k6/metrics";
import { serverCounters } from "../watch/server-counters.ts";
import { optionsFor } from "./options.ts";
import type { Options } from "./options.ts";
import type { Phase } from "./phases.ts";
import { Reader } from "./reads.ts";
import { AlertSender } from "./send.ts";
import type { Session } from "./send.ts";
import { readSettings } from "./settings.ts";
import type { Settings } from "./settings.ts";

const drainSeconds = 30;
const lookEverySeconds = 0.25;
/** Alerts of the population begin so long ago. */
const startedAgoMs = 60_000;

type Counters = { accepted: number; processed: number };
type HandSession = Session & { before: Counters };
type Script = {
  options: Options;
  setup: () => HandSession;
  teardown: (session: HandSession) => void;
} & Record<Phase["work"], (session: HandSession) => void>;

const lost = new Gauge("alerts_lost");

export function script(plan: (settings: Settings) => Phase[]): Script {
  const settings = readSettings(__ENV);
  const phases = plan(settings);
  const sender = new AlertSender(settings, phases);
  const reader = new Reader(settings.url, phases);
  const send = (session: HandSession): void => sender.send(session);
  const { alone } = settings;
  return {
    options: optionsFor(phases, settings),
    setup() {
      const before = alone ? counters(settings.url) : { accepted: 0, processed: 0 };
      const nowMs = Date.now();
      const session = { run: nowMs.toString(36), startsAtMs: nowMs - startedAgoMs, before };
      if (alone && phases.some(({ work }) => work === "alerts")) sender.fill(session);
      return session;
    },
    teardown({ before }) {
      if (alone) lost.add(stillMissing(settings.url, before));
    },
    ...{ alerts: send, fill: send, burst: send },
    incidents: () => reader.incidents(),
    acknowledge: () => reader.acknowledge(),
    firing: () => reader.firing(),
    sql: () => reader.sql(),
  };
}

/** Alerts that the server said it has and has not processed, after a while at most. */
function stillMissing(url: string, before: Counters): number {
  for (let waited = 0; ; waited += lookEverySeconds) {
    const now = counters(url);
    const missing = now.accepted - before.accepted - (now.processed - before.processed);
    if (missing <= 0 || waited >= drainSeconds) return Math.max(0, missing);
    sleep(lookEverySeconds);
  }
}

function counters(url: string): Counters {
  const answer = http.request("GET", `${url}/metrics`, null, { responseType: "text" });
  if (answer.status !== 200) throw new Error(`${url}/metrics: ${answer.error || answer.status}`);
  return serverCounters(answer.body ?? "", {});
}
