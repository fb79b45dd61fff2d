/**
 * Inhibition: while a source fires, its targets are not told. Rules see every firing alert, also
 * those that are silenced or inhibited themselves.
 *
 * An alert that could be both source and target of a rule is inhibited only by alerts that could
 * not: two equal troubles must not keep each other quiet.
 */
import type { Labels } from "../alert/events.ts";
import { type CompiledMatcher, compileMatchers } from "../incident/matchers.ts";
import type { InhibitRule } from "./config.ts";
import { lookupOf } from "./routes.ts";

type Lookup = (label: string) => string;
/** Firing alerts that are a source, apart by whether the rule could have them as its target too. */
type Firing = { only: Set<string>; targetsToo: Set<string> };
/** `firing` by the values of the labels that must be equal. */
type Source = { equal: string[]; holds: CompiledMatcher; firing: Map<string, Firing> };
type Rule = { sources: Source[]; isTarget: CompiledMatcher };

export class Inhibition {
  readonly #rules: Rule[];

  constructor(rules: readonly InhibitRule[]) {
    this.#rules = rules.map((rule) => ({
      isTarget: compileMatchers(rule.targetMatchers),
      sources: rule.sources.map(({ matchers, equal }) => ({
        equal: [...rule.equal, ...equal],
        holds: compileMatchers(matchers),
        firing: new Map(),
      })),
    }));
  }

  /** The alert fires. Labels of a fingerprint never change, so to hear of it twice is harmless. */
  begin(fingerprint: string, labels: Labels): void {
    const lookup = lookupOf(labels);
    this.#eachSource(lookup, (source, isTarget) => {
      const key = keyOf(source.equal, lookup);
      const firing = source.firing.get(key) ?? { only: new Set(), targetsToo: new Set() };
      source.firing.set(key, firing);
      (isTarget ? firing.targetsToo : firing.only).add(fingerprint);
    });
  }

  end(fingerprint: string, labels: Labels): void {
    const lookup = lookupOf(labels);
    this.#eachSource(lookup, (source) => {
      const key = keyOf(source.equal, lookup);
      const firing = source.firing.get(key);
      if (firing === undefined) return;
      firing.only.delete(fingerprint);
      firing.targetsToo.delete(fingerprint);
      if (firing.only.size + firing.targetsToo.size === 0) source.firing.delete(key);
    });
  }

  /** Fingerprints of alerts that keep this one quiet, one per source; empty: it may be told. */
  inhibitorsOf(labels: Labels): string[] {
    const lookup = lookupOf(labels);
    const found: string[] = [];
    for (const { sources, isTarget } of this.#rules) {
      if (!isTarget(lookup)) continue;
      const inhibitors = sources.map((source) => inhibitorOf(source, lookup));
      // With several sources all must fire; a rule without any inhibits nothing.
      if (inhibitors.includes(null)) continue;
      for (const each of inhibitors) if (each !== null && !found.includes(each)) found.push(each);
    }
    return found;
  }

  #eachSource(lookup: Lookup, use: (source: Source, isTarget: boolean) => void): void {
    for (const { sources, isTarget } of this.#rules) {
      const alsoTarget = isTarget(lookup);
      for (const source of sources) if (source.holds(lookup)) use(source, alsoTarget);
    }
  }
}

/** The alert itself never comes out: as a target that is a source it stands in `targetsToo`. */
function inhibitorOf(source: Source, target: Lookup): string | null {
  const firing = source.firing.get(keyOf(source.equal, target));
  if (firing === undefined) return null;
  const [first] = firing.only;
  if (first !== undefined) return first;
  const [mutual] = firing.targetsToo;
  return mutual === undefined || source.holds(target) ? null : mutual;
}

function keyOf(equal: readonly string[], lookup: Lookup): string {
  return equal.map((label) => lookup(label)).join("\u0000");
}
