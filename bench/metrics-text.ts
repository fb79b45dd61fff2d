/** Reading Prometheus' text format, as much of it as the program's own metrics need. */

/**
 * The values of a metric's samples.
 * @param wanted whether a sample with these labels counts; the text between the braces, or "".
 */
export function metricValues(
  metrics: string,
  name: string,
  wanted: (labels: string) => boolean = () => true,
): number[] {
  const values: number[] = [];
  for (const line of metrics.split("\n")) {
    const next = line[name.length];
    if (!line.startsWith(name) || (next !== "{" && next !== " ")) continue;
    const end = line.lastIndexOf(" ");
    if (wanted(line.slice(name.length + 1, end - 1))) values.push(Number(line.slice(end)));
  }
  return values;
}

export function metricSum(...sample: Parameters<typeof metricValues>): number {
  return metricValues(...sample).reduce((total, value) => total + value, 0);
}
