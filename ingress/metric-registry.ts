/**
 * A small registry in Prometheus' text format. Series are bounded per metric, so that a label
 * fed by strangers cannot grow without end: what is beyond goes to the series "other".
 */

export type MetricLabels = Record<string, string>;
/** What a callback metric reports when it is read. */
export type Sample = { labels: MetricLabels; value: number };

export const seriesMax = 500;

type Metric = { name: string; help: string; type: string; lines(): string[] };

const namePattern = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

export class MetricRegistry {
  private readonly metrics = new Map<string, Metric>();

  /** @returns a function that adds to the counter. */
  counter(name: string, help: string): (by?: number, labels?: MetricLabels) => void {
    const series = new Map<string, number>();
    this.add({ name, help, type: "counter", lines: () => linesOf(name, series) });
    return (by = 1, labels = {}) => {
      const key = bounded(series, labels);
      series.set(key, (series.get(key) ?? 0) + by);
    };
  }

  /** A counter or gauge whose samples are read when somebody asks. */
  callback(type: "counter" | "gauge", name: string, help: string, read: () => Sample[]): void {
    const lines = (): string[] => {
      const samples = read().slice(0, seriesMax);
      return samples.map(({ labels, value }) => line(name, labelText(labels), value));
    };
    this.add({ name, help, type, lines });
  }

  /**
   * @param bounds upper bounds of the buckets, ascending, without the last (infinite) one.
   * @returns a function that observes a value.
   */
  histogram(name: string, help: string, bounds: number[]): (value: number) => void {
    const counts = bounds.map(() => 0);
    let count = 0;
    let sum = 0;
    const lines = (): string[] => {
      let below = 0;
      const buckets = bounds.map((bound, index) => {
        below += counts[index] as number;
        return line(`${name}_bucket`, labelText({ le: String(bound) }), below);
      });
      return [
        ...buckets,
        line(`${name}_bucket`, labelText({ le: "+Inf" }), count),
        line(`${name}_sum`, "", sum),
        line(`${name}_count`, "", count),
      ];
    };
    this.add({ name, help, type: "histogram", lines });
    return (value) => {
      const bucket = bounds.findIndex((bound) => value <= bound);
      if (bucket !== -1) counts[bucket] = (counts[bucket] as number) + 1;
      count += 1;
      sum += value;
    };
  }

  text(): string {
    const lines: string[] = [];
    for (const metric of this.metrics.values()) {
      const help = metric.help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
      lines.push(`# HELP ${metric.name} ${help}`, `# TYPE ${metric.name} ${metric.type}`);
      lines.push(...metric.lines());
    }
    return `${lines.join("\n")}\n`;
  }

  private add(metric: Metric): void {
    if (!namePattern.test(metric.name)) throw new Error(`"${metric.name}" is no metric name`);
    if (this.metrics.has(metric.name)) throw new Error(`metric ${metric.name} exists already`);
    this.metrics.set(metric.name, metric);
  }
}

function bounded(series: Map<string, number>, labels: MetricLabels): string {
  const key = labelText(labels);
  if (series.has(key) || series.size < seriesMax) return key;
  return labelText(Object.fromEntries(Object.keys(labels).map((name) => [name, "other"])));
}

function linesOf(name: string, series: Map<string, number>): string[] {
  if (series.size === 0) return [line(name, "", 0)];
  return [...series].map(([labels, value]) => line(name, labels, value));
}

function line(name: string, labels: string, value: number): string {
  const text = Number.isFinite(value) ? String(value) : special(value);
  return `${name}${labels} ${text}`;
}

function special(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "+Inf" : "-Inf";
}

function labelText(labels: MetricLabels): string {
  const parts = Object.keys(labels).map((name) => `${name}="${escaped(labels[name] ?? "")}"`);
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
