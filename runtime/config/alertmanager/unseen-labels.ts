/**
 * Labels that a configuration asks for and no alert has had so far: mostly misspelt. Which labels
 * alerts have had, only a running program knows.
 */
import type { PlacedRoute } from "./routes.ts";

const groupByMax = 1_000;

/** Warns where routes group by such labels, or want one to have a value. */
export function warnOfUnseenLabels(root: PlacedRoute, seen: ReadonlySet<string>): void {
  const isUnseen = (label: string): boolean => !seen.has(label) && label !== "...";
  const groupBy = root.section("group_by");
  if (groupBy.present) {
    for (const item of groupBy.list(groupByMax)) {
      const label = item.scalarText("");
      if (isUnseen(label)) item.warn(`no alert has had the label ${label} so far`);
    }
  }
  const missing = new Set(
    root.config.matchers
      .filter(({ op, value, label }) => op === "=" && value !== "" && isUnseen(label))
      .map(({ label }) => label),
  );
  for (const label of missing) {
    root.value.warn(`never matched so far: no alert has had the label ${label}`);
  }
  for (const child of root.children) warnOfUnseenLabels(child, seen);
}
