/** What was expected against what was told, in any order, and how the two differ. Pure. */
import type { Labels } from "../actors/alert/events.ts";
import { labelsText } from "../actors/dispatch/text.ts";
import { formatDuration } from "./config/units.ts";
import type { Expectation, Told } from "./scenario.ts";

type Difference = { field: string; expected: string; told: string };

/** Something expected that was not told, and the message that comes nearest. */
export type Missing = {
  expectation: Expectation;
  /** Null: the receiver was told nothing that is left over. */
  nearest: { told: Told; differences: Difference[] } | null;
};

type Comparison = { missing: Missing[]; unexpected: Told[] };

export function compareTold(expected: Expectation[], told: Told[]): Comparison {
  const differences = expected.map((each) => told.map((one) => differencesOf(each, one)));
  const partners = pairUp(expected.length, told.length, (i, j) => differences[i]![j]!.length === 0);
  const taken = new Set(partners);
  const left = told.flatMap((_, j) => (taken.has(j) ? [] : [j]));
  const missing = expected.flatMap((expectation, i): Missing[] => {
    if (partners[i] !== null) return [];
    const near = left
      .filter((j) => told[j]!.receiver === expectation.receiver)
      .sort((a, b) => differences[i]![a]!.length - differences[i]![b]!.length)[0];
    if (near === undefined) return [{ expectation, nearest: null }];
    return [{ expectation, nearest: { told: told[near]!, differences: differences[i]![near]! } }];
  });
  return { missing, unexpected: left.map((j) => told[j]!) };
}

/** Empty: the message is what was expected. */
function differencesOf(expectation: Expectation, told: Told): Difference[] {
  const found: Difference[] = [];
  const compare = (field: string, expected: string | null, is: string): void => {
    if (expected !== null && expected !== is) found.push({ field, expected, told: is });
  };
  const { afterMs, groupLabels, integrations, alerts } = expectation;
  const list = (names: string[]): string => names.toSorted().join(", ");
  compare("receiver", expectation.receiver, told.receiver);
  compare("integrations", integrations && list(integrations), list(told.integrations));
  compare("at", afterMs === null ? null : formatDuration(afterMs), formatDuration(told.afterMs));
  compare("group", groupLabels && labelsText(groupLabels), labelsText(told.groupLabels));
  compare("group_key", expectation.groupKey, told.groupKey);
  compare("status", expectation.status, told.status);
  compare("reason", expectation.reason, told.reason);
  for (const status of ["firing", "resolved"] as const) {
    const count = told.alerts.filter((alert) => alert.status === status).length;
    compare(status, expectation[status]?.toString() ?? null, String(count));
  }
  const labels = told.alerts.map((alert) => alert.labels);
  if (alerts !== null && !areThese(alerts, labels)) {
    const texts = (each: Labels[]): string => each.map(labelsText).join(", ");
    found.push({ field: "alerts", expected: texts(alerts), told: texts(labels) });
  }
  return found;
}

/** Each pattern is part of the labels of an alert of its own, and no alert is left. */
function areThese(patterns: Labels[], alerts: Labels[]): boolean {
  if (patterns.length !== alerts.length) return false;
  const isPart = (i: number, j: number): boolean =>
    Object.entries(patterns[i]!).every(([name, value]) => {
      const labels = alerts[j]!;
      return Object.hasOwn(labels, name) && labels[name] === value;
    });
  return pairUp(patterns.length, alerts.length, isPart).every((partner) => partner !== null);
}

/**
 * As many pairs as possible, each of 0…wishes with one of 0…offers that fits: a vague expectation
 * gives way to one that only fits what it took.
 * @returns by wish; null: none is left for it.
 */
function pairUp(
  wishes: number,
  offers: number,
  fits: (wish: number, offer: number) => boolean,
): (number | null)[] {
  const holder: (number | null)[] = Array.from({ length: offers }, () => null);
  const place = (wish: number, tried: Set<number>): boolean => {
    for (let offer = 0; offer < offers; offer++) {
      if (tried.has(offer) || !fits(wish, offer)) continue;
      tried.add(offer);
      const other = holder[offer]!;
      if (other === null || place(other, tried)) {
        holder[offer] = wish;
        return true;
      }
    }
    return false;
  };
  for (let wish = 0; wish < wishes; wish++) place(wish, new Set());
  const partners: (number | null)[] = Array.from({ length: wishes }, () => null);
  holder.forEach((wish, offer) => {
    if (wish !== null) partners[wish] = offer;
  });
  return partners;
}
