/**
 * The report as one page that needs nothing else: no network, no other file. Everything that was
 * measured or said by others is escaped.
 */
import type { Report } from "../result/report.ts";
import type { Summary } from "../result/summary.ts";
import { readable } from "../result/verdict.ts";
import { escaped } from "./html.ts";
import { pageScript } from "./page-script.ts";
import { pageStyle } from "./page-style.ts";
import { plotFigure } from "./plot.ts";
import { plotsOf, spanOf } from "./plots.ts";

const policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

export function page(report: Report): string {
  const { results, at } = report;
  const broken = results.filter(({ verdict }) => verdict !== "holds").length;
  const all = `${results.length} scenario${results.length === 1 ? "" : "s"}`;
  const outcome = broken === 0 ? `${all}, all hold` : `${broken} of ${all} did not hold`;
  return (
    `<!doctype html>\n<html lang="en"><head><meta charset="utf-8">` +
    `<meta name="viewport" content="width=device-width, initial-scale=1">` +
    `<meta http-equiv="Content-Security-Policy" content="${policy}">` +
    `<title>Tocsin load test: ${escaped(outcome)}</title><style>${pageStyle}</style></head>` +
    `<body><main><h1>Tocsin load test</h1>` +
    `<p class="${broken === 0 ? "holds" : "broken"}">${escaped(outcome)}</p>` +
    `<p class="dim">${escaped(moment(at))}</p>` +
    `<section><h2>Overview</h2>${overview(results)}` +
    `<h3>Machine</h3>${facts(report.machine)}<h3>Settings</h3>${facts(report.settings)}` +
    `</section>${results.map(scenario).join("")}</main>` +
    `<script>${pageScript}</script></body></html>\n`
  );
}

const heads = [
  ...["Scenario", "Asked/s", "Accepted/s", "p50 ms", "p95 ms", "p99 ms", "Max ms"],
  ...["Shed", "Failed", "Unsent", "k6 cores", "Verdict"],
];

function overview(results: Summary[]): string {
  const body = results.flatMap(({ scenario: name, verdict, rows }) =>
    (rows.length === 0 ? [null] : rows).map((row, at) => {
      const link = `<a href="#${escaped(name)}">${escaped(name)}</a>`;
      const own = row === null || row.name === name ? "" : ` ${escaped(row.name)}`;
      const cells =
        row === null
          ? new Array<string>(heads.length - 2).fill("")
          : [
              ...[row.askedPerSecond, row.acceptedPerSecond, row.p50Ms, row.p95Ms, row.p99Ms],
              ...[row.maxMs, row.shed, row.failed, row.unsent, row.generatorCores],
            ].map((value) => (value === null ? "?" : readable(value)));
      const judged = at === 0 ? `<span class="${verdict}">${verdict}</span>` : "";
      const line = [link + own, ...cells, judged].map((cell) => `<td>${cell}</td>`);
      return `<tr>${line.join("")}</tr>`;
    }),
  );
  const head = heads.map((each) => `<th>${each}</th>`).join("");
  return `<div class="scroll"><table><tr>${head}</tr>${body.join("")}</table></div>`;
}

function facts(values: Record<string, string | number>): string {
  const items = Object.entries(values).map(
    ([name, value]) =>
      `<div><dt>${escaped(name)}</dt><dd>${escaped(
        typeof value === "number" ? value.toLocaleString("en") : value,
      )}</dd></div>`,
  );
  return `<dl class="facts">${items.join("")}</dl>`;
}

function scenario(summary: Summary): string {
  const { scenario: name, question, verdict, notes } = summary;
  const noted = notes.map((note) => `<li>${escaped(note)}</li>`).join("");
  const span = spanOf(summary);
  const plots = plotsOf(summary).map((plot) => plotFigure(plot, span));
  return (
    `<section id="${escaped(name)}"><div class="head"><h2>${escaped(name)}</h2>` +
    `<span class="badge ${verdict}">${verdict}</span></div>` +
    `<p class="dim">${escaped(question)}</p>${facts(headline(summary))}` +
    (noted === "" ? "" : `<h3>Noted</h3><ul>${noted}</ul>`) +
    `<h3>Thresholds</h3>${checks(summary)}<div class="plots">${plots.join("")}</div></section>`
  );
}

function headline(summary: Summary): Record<string, string> {
  const { startedAt, version, lagMax, residentMaxMiB, drainedSeconds } = summary;
  const known = (value: number | null, unit: string): string =>
    value === null ? "not known" : `${readable(value)} ${unit}`;
  return {
    started: moment(startedAt),
    "server version": version,
    "lag, at most": known(lagMax, "alerts"),
    "memory, at most": known(residentMaxMiB, "MiB"),
    "lag gone after": drainedSeconds === null ? "not in time" : known(drainedSeconds, "s"),
  };
}

/** "2026-11-25T03:58:15.885Z" → "2026-11-25 03:58:15 UTC" */
function moment(iso: string): string {
  return iso.replace("T", " ").replace(/\.\d+Z$/, " UTC");
}

function checks({ checks: all }: Summary): string {
  const words = { true: ["holds", "holds"], false: ["broken", "broken"], null: ["not judged", ""] };
  const rows = all.map(({ name, wanted, got, holds }) => {
    const [word = "", style = ""] = words[`${holds}`];
    const cells = [name, wanted, got].map((cell) => `<td>${escaped(cell)}</td>`).join("");
    return `<tr><td class="${style}">${word}</td>${cells}</tr>`;
  });
  const head = "<tr><th></th><th>Threshold</th><th>Wanted</th><th>Got</th></tr>";
  return `<div class="scroll"><table class="checks">${head}${rows.join("")}</table></div>`;
}
