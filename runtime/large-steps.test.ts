/** Outputs are as large as what senders write; the messages of the step log are not. */
import { expect, test } from "vitest";
import { alertRecord, buildFrame, referenceTo } from "../testing/frame-builder.ts";
import { silentLog } from "../testing/ingress-door.ts";
import { codec } from "../streams/codec.ts";
import { DedupHost } from "./dedup-host.ts";
import { TerminalError } from "./errors.ts";
import type { AppendResult, Log, LogReader, LogRecord } from "./ports.ts";
import { defaultProcessorLimits } from "./processor-options.ts";
import { decodeStep } from "./step-encoding.ts";
import type { DedupOutput } from "./step.ts";
import { systemClock } from "./system-clock.ts";

/** nats-server's default. */
const payloadBytesMax = 1024 * 1024;

/** Subjects in memory; a record that the server would refuse is refused. */
class BoundedLog implements Log {
  readonly subjects = new Map<string, LogRecord[]>();

  of(subject: string): LogRecord[] {
    const records = this.subjects.get(subject) ?? [];
    this.subjects.set(subject, records);
    return records;
  }

  async append(subject: string, data: Uint8Array): Promise<number> {
    if (data.length > payloadBytesMax) throw new TerminalError("maximum payload exceeded");
    const records = this.of(subject);
    records.push({ seq: records.length + 1, timeMs: 1_000, data });
    return records.length;
  }

  async appendFenced(subject: string, data: Uint8Array, last: number): Promise<AppendResult> {
    if (this.of(subject).length !== last) return { kind: "fenced" };
    return { kind: "appended", seq: await this.append(subject, data) };
  }

  async last(subject: string): Promise<LogRecord | null> {
    return this.of(subject).at(-1) ?? null;
  }

  read(subject: string, fromSeq: number): LogReader {
    let next = fromSeq - 1;
    const { promise: closed, resolve: close } = Promise.withResolvers<LogRecord[]>();
    return {
      waiting: 0,
      positionSeq: 0,
      next: async (max) => {
        const records = this.of(subject).slice(next, next + max);
        next += records.length;
        return records.length > 0 ? records : closed;
      },
      close: async () => close([]),
    };
  }

  async purge(): Promise<void> {}
}

test("alerts of kilobytes that open again at once fit into the log, all of them", async () => {
  const log = new BoundedLog();
  const annotations = { description: "é".repeat(10_000) };
  const alerts = Array.from({ length: 150 }, (_, n) =>
    alertRecord({ labels: { n: `${n}` }, annotations }, { startsAtMs: 1, endsAtMs: 2 }),
  );
  for (let n = 0; n < alerts.length; n += 30) {
    await log.append("in", buildFrame(1, alerts.slice(n, n + 30)));
  }
  const again = alerts.map((one) => ({ ...referenceTo(one), endsAtMs: 9e12 }));
  await log.append("in", buildFrame(1, again));
  const host = new DedupHost({
    ...{ partition: 0, owner: "o", causeOfDeath: "", logger: silentLog, codec, log },
    ...{ clock: systemClock, limits: defaultProcessorLimits },
    subjects: { input: "in", step: "step", dead: "dead" },
    snapshots: { save: async () => {}, load: async () => null, delete: async () => {} },
    suspects: { began: () => {}, finished: () => {}, died: () => {}, condemned: () => null },
    workSubjectOf: () => "work",
  });
  const running = host.run(new AbortController().signal);
  const opened = (): number[] =>
    log.of("step").flatMap(({ data }) => {
      const step = decodeStep<DedupOutput>(codec, data);
      const outputs = step.kind === "step" ? step.outputs : [];
      const count = outputs.filter(({ event }) => event.kind === "opened").length;
      return count > 0 ? [count] : [];
    });
  await expect.poll(() => opened().reduce((sum, count) => sum + count, 0)).toBe(150);
  expect(opened().length).toBeGreaterThan(1);
  host.stop();
  await running;
});
