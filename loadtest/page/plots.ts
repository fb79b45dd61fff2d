/** Which plots a run has. */
import type { Summary } from "../result/summary.ts";
import type { Line, Plot, Span } from "./plot.ts";

export function spanOf({ load, server, phases }: Summary): Span {
  const ends = phases.map(({ endSecond }) => endSecond);
  return { seconds: Math.max(1, ...[...load.second, ...server.second, ...ends]), phases };
}

export function plotsOf({ load, server }: Summary): Plot[] {
  const line = (
    from: Summary["load"],
    name: string,
    label: string,
    colour: Line["colour"],
    dashed = false,
  ): Line => ({ label, colour, values: from[name] ?? [], dashed });
  const all: Plot[] = [
    {
      title: "Alerts",
      unit: "a second",
      second: load.second,
      lines: [line(load, "asked", "asked", 3, true), line(load, "accepted", "accepted", 1)],
    },
    {
      title: "Latency",
      unit: "ms, of accepted requests",
      second: load.second,
      lines: [
        line(load, "p50", "p50", 2),
        line(load, "p95", "p95", 1),
        line(load, "p99", "p99", 5),
      ],
    },
    {
      title: "Not accepted",
      unit: "alerts a second",
      second: load.second,
      lines: [
        line(load, "shed", "shed", 3),
        line(load, "failed", "failed", 4),
        line(load, "unsent", "unsent", 5, true),
      ],
    },
    {
      title: "Lag",
      unit: "not yet processed, not yet rows",
      second: server.second,
      lines: [line(server, "alertsBehind", "alerts", 1), line(server, "stepsBehind", "steps", 3)],
    },
    {
      title: "Memory",
      unit: "MiB, the server with its children",
      second: server.second,
      lines: [line(server, "residentMiB", "resident", 2)],
    },
    {
      title: "Processor",
      unit: "cores busy",
      second: server.second,
      lines: [
        line(server, "serverCores", "server", 1),
        line(server, "generatorCores", "k6", 3),
        line(server, "otherCores", "other programs", 5, true),
      ],
    },
  ];
  return all.filter(({ lines }) => lines.some(({ values }) => values.some((v) => v !== null)));
}
