/** Which templates watch which metrics, prepared once per configuration. */
import { type CompiledMatcher, compileMatchers } from "../../actors/incident/matchers.ts";
import type { MetricTemplate } from "../../actors/metric/template.ts";

type Watching = { template: MetricTemplate; holds: CompiledMatcher };

export class WatchedMetrics {
  /** What this was made of. */
  readonly source: readonly MetricTemplate[];
  private readonly byMetric = new Map<string, Watching[]>();

  constructor(templates: readonly MetricTemplate[]) {
    this.source = templates;
    for (const template of templates) {
      const holds = compileMatchers(template.matchers);
      for (const metric of new Set(template.metrics)) {
        const known = this.byMetric.get(metric) ?? [];
        known.push({ template, holds });
        this.byMetric.set(metric, known);
      }
    }
  }

  has(metric: string): boolean {
    return this.byMetric.has(metric);
  }

  matching(metric: string, labels: Readonly<Record<string, string>>): MetricTemplate[] {
    const lookup = (name: string): string => labels[name] ?? "";
    return (this.byMetric.get(metric) ?? [])
      .filter(({ holds }) => holds(lookup))
      .map(({ template }) => template);
  }
}
