/**
 * What a reader of texts proposes (an embedding model, a classifier): that a younger incident is
 * the trouble of an older one. Such evidence comes late, when people may be at work already, so
 * it only ever moves an incident that nobody has taken yet; everything else is refused with a
 * reason. Whoever was told of either is told no second time: people go over with a merge.
 */
import { clipped } from "./duration.ts";
import type { Incident } from "./incident.ts";
import { mergeInto } from "./merge.ts";
import { areApart } from "./split.ts";
import type { Turn } from "./turn.ts";
import type { CommandAction } from "./types.ts";

/** Longest sentence of evidence that a timeline shows, in characters; longer ones are cut. */
const sentenceCharsMax = 400;

type Relate = Extract<CommandAction, { kind: "relate" }>;

/** @returns why it was refused; null when it is done, or was done before. */
export function relate(
  turn: Turn,
  younger: Incident,
  { to, evidence }: Relate,
  by: string,
): string | null {
  if (younger.status === "merged" && younger.mergedInto === to) return null;
  if (younger.status !== "triggered") {
    return `cannot relate an incident that is ${younger.status}: only one that nobody has taken`;
  }
  const older = turn.desk.incidents.get(to);
  const apart = older === undefined || older === younger ? null : keptApart(younger, older);
  if (apart !== null) return `cannot relate it to ${to}: ${apart}`;
  const { kind, score } = evidence;
  const because = clipped(evidence.because, sentenceCharsMax);
  return mergeInto(turn, younger, to, by, { because, detail: { evidence: kind, score } });
}

/** Why two incidents stay apart whatever their texts say; null: they may become one. */
function keptApart(younger: Incident, older: Incident): string | null {
  if (younger.serial < older.serial) return "it is the younger one of the two";
  if (younger.tenant !== older.tenant) return "it is another tenant's";
  if (areApart(younger, older)) return "a person split the two";
  if (younger.environment !== older.environment) return "it is of another environment";
  return null;
}
