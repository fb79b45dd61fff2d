/**
 * Plays a story about a configuration in simulated time and compares what receivers were told
 * with what they were expected to be told. Pure: the same story ends the same way, in any zone.
 */
import type { Labels } from "../actors/alert/events.ts";
import { labelsText } from "../actors/dispatch/text.ts";
import type { GroupNotification } from "../actors/dispatch/types.ts";
import { statusOf } from "../actors/dispatch/views.ts";
import { DispatchSimulation, SimulationTooLong } from "./dispatch-simulation.ts";
import type { Place, Scenario, ScenarioAction, ScenarioSilence, Told } from "./scenario.ts";
import { compareTold, type Missing } from "./scenario-match.ts";
import { expireSilence } from "./silence-changes.ts";

/** A firing alert that is kept quiet at the moment. */
export type HeldBack = {
  labels: Labels;
  /** Ids of silences, labels of the alerts that inhibit it, names of time intervals. */
  silencedBy: string[];
  inhibitedBy: string[];
  mutedBy: string[];
};

/** A group whose receiver was expected to be told, and when it is looked at next. */
export type Waiting = { receiver: string; groupLabels: Labels; afterMs: number };

export type ScenarioFailure = {
  place: Place;
  /** From the start. */
  afterMs: number;
  /** "" when only expectations failed. */
  message: string;
  missing: Missing[];
  unexpected: Told[];
  /** Why something may be missing, as of this moment. */
  heldBack: HeldBack[];
  waiting: Waiting[];
  /** Receivers that something was expected for and that no alert is routed to. */
  unrouted: string[];
};

export type ScenarioResult = {
  scenario: Scenario;
  /** Empty: it went as expected. */
  failures: ScenarioFailure[];
  /** Told in all, each integration counted. */
  notifications: number;
};

/** How often groups may be looked at: a year of one group every 5 minutes is a tenth of it. */
const looksDefault = 1_000_000;
const shownMax = 10;
const comparisonsMax = 1_000_000;

/** @param looksMax a story in which groups are looked at more often fails there. */
export function runScenario(scenario: Scenario, looksMax = looksDefault): ScenarioResult {
  return new ScenarioRun(scenario, looksMax).run();
}

class ScenarioRun {
  readonly #scenario: Scenario;
  readonly #simulation: DispatchSimulation;
  readonly #firing = new Set<string>();
  readonly #failures: ScenarioFailure[] = [];
  #notifications = 0;
  /** Since the last `expect`. */
  #told: GroupNotification[] = [];

  constructor(scenario: Scenario, looksMax: number) {
    this.#scenario = scenario;
    this.#simulation = new DispatchSimulation(scenario.config, scenario.startMs, looksMax);
  }

  run(): ScenarioResult {
    const { startMs, steps } = this.#scenario;
    for (const { afterMs, place, actions } of steps) {
      try {
        for (const action of actions) {
          // Groups without a wait are told of at the moment itself, before what comes next.
          this.#simulation.advanceTo(startMs + afterMs);
          this.#collect();
          this.#act(action, place, afterMs);
        }
      } catch (error) {
        if (!(error instanceof SimulationTooLong)) throw error;
        const message = `${error.message} until here: the story is too long, or an interval short`;
        this.#fail(place, afterMs, { message });
        break;
      }
    }
    const notifications = this.#notifications;
    return { scenario: this.#scenario, failures: this.#failures, notifications };
  }

  #collect(): void {
    const told = this.#simulation.notifications.splice(0);
    this.#notifications += told.length;
    this.#told.push(...told);
  }

  #act(action: ScenarioAction, place: Place, afterMs: number): void {
    const simulation = this.#simulation;
    switch (action.kind) {
      case "fire":
        for (const labels of action.alerts) {
          simulation.fire(labels);
          this.#firing.add(labelsText(labels));
        }
        break;
      case "resolve":
        for (const labels of action.alerts) this.#resolve(labels, place, afterMs);
        break;
      case "silence":
        this.#silence(action.silence);
        break;
      case "expire": {
        const silence = simulation.silenceOf(action.id);
        if (silence !== null) simulation.silence(expireSilence(silence, simulation.nowMs));
        break;
      }
      case "reload":
        simulation.configure(action.config);
        break;
      case "expect": {
        const told = this.#toldSoFar();
        this.#told = [];
        if (told.length * (action.expected.length + 1) > comparisonsMax) {
          const message = `${told.length} messages since the last expect, too many to compare`;
          this.#fail(place, afterMs, { message });
          break;
        }
        const { missing, unexpected } = compareTold(action.expected, told);
        if (missing.length + unexpected.length === 0) break;
        const receivers = new Set(missing.map(({ expectation }) => expectation.receiver));
        const why = missing.length === 0 ? {} : this.#whyMissing(receivers);
        this.#fail(place, afterMs, { missing, unexpected, ...why });
        break;
      }
      case "expectNone": {
        const { receivers } = action;
        const unexpected = this.#toldSoFar().filter(({ receiver }) => receivers.includes(receiver));
        if (unexpected.length > 0) this.#fail(place, afterMs, { unexpected });
        break;
      }
    }
  }

  #resolve(labels: Labels, place: Place, afterMs: number): void {
    const name = labelsText(labels);
    if (this.#firing.delete(name)) {
      this.#simulation.resolve(labels);
      return;
    }
    const firing = [...this.#firing].slice(0, shownMax).join(", ");
    const known = firing === "" ? "none fires" : `there fires ${firing}`;
    const message = `no alert fires with exactly the labels ${name}: ${known}`;
    this.#fail(place, afterMs, { message });
  }

  #silence({ id, matchers, forMs, recurrence }: ScenarioSilence): void {
    const { nowMs } = this.#simulation;
    this.#simulation.silence({
      ...{ id, matchers, recurrence, startsAtMs: nowMs, endsAtMs: nowMs + forMs },
      ...{ updatedAtMs: nowMs, createdBy: "", comment: "", annotations: {} },
    });
  }

  #fail(place: Place, afterMs: number, found: Partial<ScenarioFailure>): void {
    const failure = { place, afterMs, message: "", missing: [], unexpected: [] };
    this.#failures.push({ ...failure, heldBack: [], waiting: [], unrouted: [], ...found });
  }

  #toldSoFar(): Told[] {
    const messages = new Map<string, Told>();
    for (const each of this.#told) {
      const alerts = each.alerts.map(({ status, labels }) => ({ status, labels }));
      const { receiver, groupKey, groupLabels, status, reason } = each;
      const content = { receiver, groupKey, groupLabels, status, reason, alerts };
      const group = each.id.slice(0, each.id.indexOf(":"));
      const key = JSON.stringify([group, each.atMs, content]);
      const { kind, index } = each.integration;
      const integration = index === 0 ? kind : `${kind}/${index}`;
      const same = messages.get(key);
      if (same !== undefined) same.integrations.push(integration);
      else {
        const afterMs = each.atMs - this.#scenario.startMs;
        messages.set(key, { afterMs, integrations: [integration], ...content });
      }
    }
    return [...messages.values()];
  }

  #heldBack(): HeldBack[] {
    const { dispatcher, nowMs } = this.#simulation;
    const held: HeldBack[] = [];
    for (const alert of dispatcher.alerts.values()) {
      if (alert.resolvedAtMs !== null) continue;
      const { silencedBy, mutedBy } = statusOf(dispatcher, alert, nowMs);
      // A simulation's fingerprints are the texts of the labels.
      const inhibitedBy = dispatcher.inhibition.inhibitorsOf(alert.labels);
      if (silencedBy.length + inhibitedBy.length + mutedBy.length === 0) continue;
      held.push({ labels: alert.labels, silencedBy, inhibitedBy, mutedBy });
      if (held.length === shownMax) break;
    }
    return held;
  }

  #whyMissing(receivers: ReadonlySet<string>): Partial<ScenarioFailure> {
    const { dispatcher } = this.#simulation;
    const waiting = [...dispatcher.groups.values()].flatMap((group): Waiting[] => {
      const receiver = dispatcher.routeOf(group)?.config.receiver ?? "";
      const afterMs = group.nextFlushAtMs - this.#scenario.startMs;
      return receivers.has(receiver) ? [{ receiver, groupLabels: group.labels, afterMs }] : [];
    });
    const routed = new Set(waiting.map(({ receiver }) => receiver));
    return {
      heldBack: this.#heldBack(),
      waiting: waiting.sort((a, b) => a.afterMs - b.afterMs).slice(0, shownMax),
      unrouted: [...receivers].filter((name) => !routed.has(name)),
    };
  }
}
