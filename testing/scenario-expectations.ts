/** What a story expects of the incident stage's outputs, and how outputs read in a failure. */
import type {
  CommandOutcome,
  IncidentEventKind,
  IncidentOutput,
  IncidentView,
  NotificationReason,
} from "../actors/incident/types.ts";
import { clockMs, storyBeginMs, storyTimeText } from "./story-clock.ts";

export type Expectation = { text: string; matches(output: IncidentOutput): boolean };

export type EventTraits = {
  by?: string;
  because?: string | RegExp;
  detail?: Record<string, string | number>;
  incident?: Partial<IncidentView>;
};

/** An event with these traits; `because` as text is a part of the sentence. */
export function happened(kind: IncidentEventKind, traits: EventTraits = {}): Expectation {
  return {
    text: `event ${kind} ${traitsText(traits)}`,
    matches: (output) =>
      output.kind === "event" &&
      output.event.kind === kind &&
      (traits.by === undefined || output.event.by === traits.by) &&
      isSaid(output.event.because, traits.because) &&
      includes(output.event.detail, traits.detail) &&
      includes(output.event.incident, traits.incident),
  };
}

/** A message to the receiver leaves for the outbox. */
export function notified(receiver: string, reason?: NotificationReason): Expectation {
  return {
    text: `a notification of ${receiver}${reason === undefined ? "" : ` (${reason})`}`,
    matches: (output) =>
      output.kind === "notify" &&
      output.notification.receiver === receiver &&
      (reason === undefined || output.notification.reason === reason),
  };
}

export function replied(kind: CommandOutcome["kind"], reason?: string | RegExp): Expectation {
  return {
    text: `the reply ${kind}${reason === undefined ? "" : ` because ${reason}`}`,
    matches: (output) =>
      output.kind === "reply" &&
      output.outcome.kind === kind &&
      isSaid(output.outcome.kind === "done" ? "" : output.outcome.reason, reason),
  };
}

/** The timer is announced for this time of the story; null: it is gone. */
export function timerSet(time: string | null): Expectation {
  const fireAtMs = time === null ? null : storyBeginMs + clockMs(time);
  return {
    text: time === null ? "the timer to go" : `a timer at ${time}`,
    matches: (output) => output.kind === "timer" && output.fireAtMs === fireAtMs,
  };
}

export function outputText(output: IncidentOutput): string {
  switch (output.kind) {
    case "event": {
      const { kind, by, because, incident, detail } = output.event;
      const what = `${incident.id} v${incident.version} ${incident.status}`;
      return `event ${kind} by ${by} because "${because}" (${what}) ${JSON.stringify(detail)}`;
    }
    case "notify": {
      const { receiver, reason, level, id } = output.notification;
      return `notify ${receiver} (${reason}, level ${level}) ${id}`;
    }
    case "timer":
      return `timer ${output.id} #${output.generation} ${storyTimeText(output.fireAtMs)}`;
    case "reply": {
      const { outcome } = output;
      const reason = outcome.kind === "done" ? "" : `: ${outcome.reason}`;
      return `reply ${outcome.kind}${reason} to ${output.commandId}`;
    }
    default:
      return JSON.stringify(output);
  }
}

function isSaid(sentence: string, wanted: string | RegExp | undefined): boolean {
  if (wanted === undefined) return true;
  return typeof wanted === "string" ? sentence.includes(wanted) : wanted.test(sentence);
}

function includes(whole: object, part: object | undefined): boolean {
  const fields = new Map(Object.entries(whole));
  return Object.entries(part ?? {}).every(([key, value]) => fields.get(key) === value);
}

function traitsText(traits: EventTraits): string {
  const { by, because, detail, incident } = traits;
  const parts = [
    by === undefined ? "" : `by ${by}`,
    because === undefined ? "" : `because ${because}`,
    detail === undefined ? "" : JSON.stringify(detail),
    incident === undefined ? "" : `with ${JSON.stringify(incident)}`,
  ];
  return parts.filter((part) => part !== "").join(" ");
}
