/**
 * The stage of one episode: where causes get their places, times and alerts. All times are parts
 * of the episode's duration, so that a storm of a minute has the shape of one of an hour.
 */
import { annotationsOf, roleTexts } from "./alert-texts.ts";
import type { AlertText } from "./alert-texts.ts";
import type { Affected, Cause, CauseKind, Series } from "./cause.ts";
import type { Dice } from "./dice.ts";
import { dependentsOf } from "./graph.ts";
import { platform, regions } from "./platform.ts";

/** Monitoring looks at its rules so many times in an episode: every 15 s in half an hour. */
const ticksPerEpisode = 120;

export type Labels = Record<string, string>;

export type CascadePlan = {
  kind: CauseKind;
  about: string;
  root: { service: string; text: AlertText; labels: Labels };
  /** Labels of every alert of the cascade; `model_id` goes on those that are by model only. */
  labels: Labels;
  /** Where it is seen, the root in the first of them; empty: alerts have no label region. */
  regions: readonly string[];
  affected: Affected[];
  /** Series wanted, the root included; at least 1. */
  count: number;
  /** How slowly it spreads: parts of the episode for each hop. */
  hopPart: number;
};

type Slot = { service: string; hop: number; text: AlertText; instance: string | null };

export class Scene {
  readonly dice: Dice;
  readonly number: number;
  readonly durationMs: number;
  readonly #home: string;
  #taken = new Set<string>();
  #causes = 0;

  constructor(dice: Dice, number: number, durationMs: number) {
    this.dice = dice;
    this.number = number;
    this.durationMs = durationMs;
    this.#home = dice.pick(regions);
  }

  /** Half of everything happens in one region, as half of everything runs there. */
  region(): string {
    return this.dice.fraction() < 0.5 ? this.#home : this.dice.pick(regions);
  }

  /** One to so many, in any order. */
  regions(countMax: number): string[] {
    const wanted = 1 + this.dice.below(countMax);
    return [...new Set(Array.from({ length: 2 * wanted }, () => this.region()))].slice(0, wanted);
  }

  /** Everything that depends on the service, up to so many edges away; each with some luck. */
  dependents(service: string, hopsMax: number, chance: number): Affected[] {
    return dependentsOf(platform, service)
      .filter(({ hop }) => hop <= hopsMax && this.dice.fraction() < chance)
      .map(({ service: { name, role }, hop }) => ({ service: name, hop, texts: roleTexts[role] }));
  }

  cascade(plan: CascadePlan): Cause {
    const { dice, durationMs } = this;
    const symptomsFirst = dice.fraction() < 0.35;
    const beginMs = durationMs * dice.between(0.05, 0.3);
    const endMs = durationMs * dice.between(0.6, 0.8);
    const hopMs = durationMs * plan.hopPart;
    const { service, text, labels } = plan.root;
    const rootMs = beginMs + (symptomsFirst ? hopMs * dice.between(1.5, 4) : 0);
    const rootLabels = { ...this.#shared(plan, plan.regions[0]), ...labels, service };
    const series = [...this.series(text, rootLabels, rootMs, endMs)];
    for (const slot of this.#slots(plan)) {
      if (series.length >= plan.count) break;
      const delayMs = hopMs * (slot.hop * dice.between(0.6, 1.4) + dice.between(0.1, 0.6));
      const lasts = endMs + hopMs * slot.hop * dice.between(0.2, 1);
      const region = plan.regions.length === 0 ? undefined : dice.pick(plan.regions);
      const its: Labels = { ...this.#shared(plan, region), service: slot.service };
      if (slot.instance !== null) its["instance"] = slot.instance;
      series.push(...this.series(slot.text, its, beginMs + delayMs, lasts));
    }
    const root = { service, alertname: text.alertname };
    return this.cause({ kind: plan.kind, about: plan.about, root, series });
  }

  cause(of: Pick<Cause, "kind" | "about" | "root" | "series">): Cause {
    this.#causes += 1;
    const id = `${of.kind.replaceAll("_", "-")}-${this.number}-${this.#causes}`;
    const [root = Infinity, ...symptoms] = of.series.map(({ flipsMs }) => flipsMs[0] ?? Infinity);
    const order = symptoms.some((ms) => ms < root) ? "symptoms first" : "cause first";
    return { ...of, id, order, pages: of.kind !== "noise" };
  }

  /** One series, or none where another alert has these labels already. */
  series(text: AlertText, labels: Labels, fireMs: number, endMs: number | null): Series[] {
    const { alertname, severity } = text;
    const cluster = `cluster-${this.number}`;
    const all: Labels = { alertname, severity, environment: "production", cluster, ...labels };
    if (text.by !== "model") delete all["model_id"];
    const identity = JSON.stringify(Object.entries(all).sort());
    if (this.#taken.has(identity)) return [];
    this.#taken.add(identity);
    const firesMs = this.tick(fireMs);
    const flipsMs = [firesMs];
    if (endMs !== null) flipsMs.push(Math.max(this.tick(endMs), firesMs + this.tickMs));
    const annotations = annotationsOf(this.dice, text.summary, all);
    return [{ labels: all, annotations, flipsMs, lateMs: 0, missing: false, changes: [] }];
  }

  get tickMs(): number {
    return this.durationMs / ticksPerEpisode;
  }

  /** When monitoring looks next; never before the episode. */
  tick(ms: number): number {
    return Math.max(0, Math.ceil(ms / this.tickMs)) * this.tickMs;
  }

  /**
   * Alerts in the order in which a growing trouble has them: first one of each service, nearest
   * first, then their further ones, then those of more and more instances.
   */
  *#slots({ affected }: CascadePlan): Generator<Slot> {
    const deepest = Math.max(0, ...affected.map(({ texts }) => texts.length));
    for (let nth = 0; nth < deepest; nth++) {
      for (const { service, hop, texts } of affected) {
        const text = texts[nth];
        if (text === undefined) continue;
        const instance = text.by === "pod" ? `${service}-${this.dice.below(4)}` : null;
        yield { service, hop, text, instance };
      }
    }
    const byPod = affected.flatMap(({ service, hop, texts }) =>
      texts.filter(({ by }) => by === "pod").map((text) => ({ service, hop, text })),
    );
    // The budget ends it; a cause that reaches nothing with instances has no more to say.
    for (let pod = 4; byPod.length > 0; pod++) {
      for (const slot of byPod) yield { ...slot, instance: `${slot.service}-${pod}` };
    }
  }

  #shared({ labels }: CascadePlan, region: string | undefined): Labels {
    return region === undefined ? labels : { ...labels, region };
  }
}
