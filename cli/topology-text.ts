/** The service graph as text: a table of its edges, or the tree around one service. */
import type { Paint } from "./colours.ts";
import { showDuration } from "./durations.ts";
import { plain } from "./plain-text.ts";
import { table } from "./table.ts";
import type { ShownEdge, ShownGraph } from "./topology-api.ts";
import { drawTree, type TreeNode } from "./tree-drawing.ts";

type End = "service" | "depends_on";
type Look = { paint: Paint; nowMs: number };

const cyclesMax = 5;

export function edgeTable(graph: ShownGraph, look: Look): string {
  const heads = ["SERVICE", "DEPENDS ON", "OF", "KNOWN FROM"];
  const rows = graph.items.map((edge) =>
    [edge.service, edge.depends_on, scopeText(edge), originText(edge, look.nowMs)].map(plain),
  );
  return table(heads, rows, (cell, _, row) => (row < 0 ? look.paint("dim", cell) : cell));
}

/** In both directions, as deep as the edges go; what was shown before is not drawn again. */
export function treeAround(service: string, graph: ShownGraph, look: Look): string {
  const upstream = branch(service, graph.items, "service", look);
  const downstream = branch(service, graph.items, "depends_on", look);
  const group = (title: string, children: TreeNode[]): TreeNode[] =>
    children.length === 0 ? [] : [{ lines: [look.paint("dim", title)], children }];
  return drawTree({
    lines: [look.paint("bold", plain(service))],
    children: [...group("depends on", upstream), ...group("is needed by", downstream)],
  });
}

export function cyclesText({ cycles }: ShownGraph): string {
  const shown = cycles.slice(0, cyclesMax).map((cycle) => `  ${plain(cycle.join(", "))}\n`);
  if (cycles.length === 0) return "";
  const more = cycles.length - shown.length;
  const rest = more > 0 ? `  and ${more} more\n` : "";
  return `These depend on each other in a circle:\n${shown.join("")}${rest}`;
}

/** @param from the end at which an edge is entered. */
function branch(root: string, edges: ShownEdge[], from: End, look: Look): TreeNode[] {
  const to = from === "service" ? "depends_on" : "service";
  const index = new Map<string, Map<string, ShownEdge[]>>();
  for (const edge of edges) {
    const targets = index.get(edge[from]) ?? new Map<string, ShownEdge[]>();
    targets.set(edge[to], [...(targets.get(edge[to]) ?? []), edge]);
    index.set(edge[from], targets);
  }
  const shown = new Set([root]);
  const path = new Set([root]);
  const nodesOf = (service: string): TreeNode[] =>
    [...(index.get(service) ?? [])].map(([name, same]) => {
      const origins = same.map((edge) => {
        const scope = scopeText(edge);
        return `${scope}${scope === "" ? "" : ": "}${originText(edge, look.nowMs)}`;
      });
      const line = `${plain(name)}  ${look.paint("dim", plain(origins.join("; ")))}`;
      if (path.has(name)) return { lines: [`${line}  (a circle)`], children: [] };
      if (shown.has(name)) {
        const isLeaf = !index.has(name);
        return { lines: [isLeaf ? line : `${line}  (see above)`], children: [] };
      }
      shown.add(name);
      path.add(name);
      const children = nodesOf(name);
      path.delete(name);
      return { lines: [line], children };
    });
  return nodesOf(root);
}

/** "" where an edge is everybody's. */
function scopeText({ tenant, environment }: ShownEdge): string {
  return [tenant, environment].filter((part) => part !== null).join("/");
}

function originText({ sources }: ShownEdge, nowMs: number): string {
  return sources
    .map(({ source, last_seen: seen, by }) => {
      const who = by === undefined ? "" : ` by ${by}`;
      return seen === null ? source : `${source}${who} ${ago(nowMs - Date.parse(seen))}`;
    })
    .join(", ");
}

const ago = (ms: number): string => `${showDuration(Math.max(0, ms))} ago`;
