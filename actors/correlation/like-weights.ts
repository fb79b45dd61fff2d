/**
 * What likeness weighs. It is a hint of the same trouble, never a proof: one rule fires for two
 * services that have nothing to do with each other in the same words.
 *
 * W1 Where a label tells the two apart (another region), what they say counts for nothing.
 * W2 Nor does it where the service graph knows both services and no way between them.
 * W3 Of message, text and family only the heaviest counts: they tell the same thing.
 */
import type { Alike } from "./alike.ts";
import { disagreements } from "./blame.ts";
import type { Candidate, EvidenceKind, Sign } from "./evidence.ts";
import type { ServiceGraph } from "./graph.ts";

/** By how the kinds of the two alerts relate. */
const weights = {
  message: { rule: 1.15, category: 0.9, other: 0.5 },
  text: { rule: 1, category: 0.9, other: 0.4 },
  family: { rule: 1.1, category: 1.1, other: 0 },
  model: 1.4,
  series: 0.5,
} as const;

type Piece = { kind: EvidenceKind; weight: number; because: () => string };

/** @param isRecent whether the incident's last alert began within the window. */
export function likenessOf(
  sign: Sign,
  { signs }: Candidate,
  alike: readonly Alike[],
  { graph, isRecent }: { graph: ServiceGraph; isRecent: boolean },
): Piece[] {
  const [first] = signs;
  if (first === undefined || disagreements(sign, signs) > 0) return [];
  const pieces: Piece[] = [];
  const relation = kindOf(sign, first);
  let isApart: boolean | null = null;
  let best: Piece | null = null;
  for (const { kind, similarity, because } of alike) {
    if (kind === "model") {
      pieces.push({ kind, weight: weights.model, because });
      continue;
    }
    if (!isRecent) continue;
    if (kind === "series") {
      pieces.push({ kind, weight: weights.series * similarity, because });
      continue;
    }
    const weight = weights[kind][relation];
    if (weight <= (best?.weight ?? 0)) continue;
    isApart ??= areApart(graph, sign.service, signs);
    if (!isApart) best = { kind, weight, because };
  }
  return best === null ? pieces : [best, ...pieces];
}

function kindOf(sign: Sign, first: Sign): "rule" | "category" | "other" {
  if (sign.alertname !== "" && sign.alertname === first.alertname) return "rule";
  return sign.category !== "unknown" && sign.category === first.category ? "category" : "other";
}

/** W2; what relates them is evidence of its own. */
function areApart(graph: ServiceGraph, service: string, signs: readonly Sign[]): boolean {
  if (!graph.knows(service)) return false;
  return signs.every((one) => one.service !== service && graph.knows(one.service));
}
