/**
 * Alerts as Prometheus sends them (its field order, 8 labels, about 530 bytes each), built once
 * and changed in place: a load generator that formats JSON would measure itself.
 *
 * Alert number n always has the same labels, and no other number has them. What changes between
 * two sendings of one alert is its end time, as with a real Prometheus.
 */
const endsAtPlaceholder = "~E~";
const tenantPlaceholder = "~T";
const servicePlaceholder = "~S";
const rulePlaceholder = "~R";
const nodePlaceholder = "~N~~~~~~~";

export const tenants = 16;
export const services = 48;
export const rules = 12;

type Place = { at: number; width: number; value: (index: number, tick: number) => number };

/** The values that make alert `index` distinct; strides keep them independent of each other. */
const places: { text: string; value: Place["value"] }[] = [
  { text: endsAtPlaceholder, value: (_index, tick) => tick % 1_000 },
  { text: tenantPlaceholder, value: (index) => index % tenants },
  { text: servicePlaceholder, value: (index) => Math.floor(index / tenants) % services },
  { text: rulePlaceholder, value: (index) => Math.floor(index / 7) % rules },
  { text: nodePlaceholder, value: (index) => index },
];

function alertTemplate(nowMs: number): string {
  const startsAt = new Date(nowMs - 60_000).toISOString();
  const endsAt = `${new Date(nowMs + 1_200_000).toISOString().slice(0, -4)}${endsAtPlaceholder}Z`;
  const rule = `LatencyP99TooHigh${rulePlaceholder}`;
  return JSON.stringify({
    annotations: {
      description: "p99 latency of completions is above 4 s on this node.",
      summary: `${rule} on inference-${servicePlaceholder}`,
    },
    endsAt,
    startsAt,
    generatorURL: "http://prometheus.internal:9090/graph?g0.expr=latency_p99&g0.tab=1",
    labels: {
      alertname: rule,
      environment: "production",
      instance: `gpu-node-${nodePlaceholder}:9400`,
      job: "inference-gateway",
      model_id: "assistant-large-2",
      service: `inference-${servicePlaceholder}`,
      severity: "warning",
      tenant_id: `tenant-${tenantPlaceholder}`,
    },
  });
}

/** One HTTP request with `alerts` alerts, to be filled before each sending. */
export class AlertRequest {
  readonly bytes: Buffer;
  readonly alerts: number;
  #places: Place[][] = [];
  #firstAt: number;
  #alertBytes: number;

  constructor(path: string, host: string, alerts: number, nowMs: number) {
    const template = alertTemplate(nowMs);
    const body = `[${new Array<string>(alerts).fill(template).join(",")}]`;
    const head =
      `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
    this.alerts = alerts;
    this.bytes = Buffer.from(head + body);
    this.#firstAt = Buffer.byteLength(head) + 1;
    this.#alertBytes = template.length;
    for (let i = 0; i < alerts; i++) {
      const base = this.#firstAt + i * (template.length + 1);
      this.#places.push(placesOf(template, base));
    }
  }

  /** A copy of the first alert's JSON, for benches without HTTP. */
  firstAlert(): Uint8Array {
    return Uint8Array.from(this.bytes.subarray(this.#firstAt, this.#firstAt + this.#alertBytes));
  }

  /** Makes the request's i-th alert alert number `index`; `tick` moves its end time. */
  fill(i: number, index: number, tick: number): void {
    for (const { at, width, value } of this.#places[i] ?? []) {
      let left = value(index, tick);
      for (let digit = at + width - 1; digit >= at; digit--) {
        this.bytes[digit] = 48 + (left % 10);
        left = Math.floor(left / 10);
      }
    }
  }
}

/** Where digits go in the template. @throws when the placeholder got lost. */
function placesOf(template: string, base: number): Place[] {
  const found: Place[] = [];
  for (const { text, value } of places) {
    let at = template.indexOf(text);
    if (at < 0) throw new Error(`placeholder ${text} is not in the alert`);
    for (; at >= 0; at = template.indexOf(text, at + 1)) {
      found.push({ at: base + at, width: text.length, value });
    }
  }
  return found;
}

/** Bytes of one alert's JSON. */
export function alertBytes(): number {
  return alertTemplate(0).length;
}
