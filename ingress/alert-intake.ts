/**
 * The way in: a body of alerts becomes records in frames, and its answer waits until every
 * frame that holds one of them is durable (I1). Refused alerts are recorded too (I6), once per
 * request and reason, so that garbage does not multiply.
 *
 * The work on a body is synchronous, so that it needs no copy beyond the one into its frames.
 */
import { isUtf8 } from "node:buffer";
import type { RedactionConfig } from "../runtime/config/redaction-section.ts";
import { RetryableError } from "../runtime/errors.ts";
import type {
  AlertIntake,
  AlertOwner,
  IntakeResult,
  RejectedAlert,
} from "../runtime/services.ts";
import type { Fault } from "./alert-check.ts";
import { rejectionDetailBytesMax } from "./alert-limits.ts";
import { AlertReader } from "./alert-reading.ts";
import type { Batcher } from "./batcher.ts";
import { partitionOf } from "./fingerprint.ts";
import type { LagGate } from "./lag-gate.ts";
import { AlertScanner, columns, rowWidth } from "./json-scan.ts";
import { ownedBody } from "./owned-body.ts";
import { AlertRedaction, type AlertTexts } from "./redaction/alert-redaction.ts";
import type { ScanError } from "./scan/scan-module.ts";
import { Ticket } from "./ticket.ts";

/** What the routes' formats need beyond JSON. */
export interface FormatIntake extends AlertIntake {
  /** NDJSON: a broken line is refused alone. */
  submitLines(body: Uint8Array, source: string, owner?: AlertOwner): Promise<IntakeResult>;
  /** A JSON array, and what a decoder refused before: both are recorded, and in the result. */
  submitWith(
    body: Uint8Array,
    refused: RejectedAlert[],
    source: string,
    owner?: AlertOwner,
  ): Promise<IntakeResult>;
  /** What will be stored of an alert's texts, once it is submitted. */
  asStored<Texts extends AlertTexts>(texts: Texts): Texts;
}

/** Told once, in the turn in which the last frame settles, or at once. */
export type Settled = (result: IntakeResult) => void;

export interface CallingIntake {
  /** As `submit`, for many small requests: a promise would cost them more than the call. */
  submitThen(body: Uint8Array, owner: AlertOwner | undefined, settled: Settled): void;
}

/** Counts of alerts since the start, apart from the last three, which count requests. */
export type IntakeCounters = {
  received: number;
  /** Durable. received = accepted + rejected + failed + those still on their way. */
  accepted: number;
  rejected: number;
  /** Answered with "try again": their frame's fate is unknown. */
  failed: number;
  malformedRequests: number;
  /** Refused since too much was not durable yet, or too much not processed. */
  overloadedRequests: number;
  laggingRequests: number;
};

export type IntakeOptions = {
  batcher: Batcher;
  gate: LagGate;
  nowMs: () => number;
  /** A clock that never steps back, ms from any origin; default: the process's own. */
  clockMs?: () => number;
  /** How long an alert without an end time keeps firing. Alertmanager's default is 5 min. */
  resolveTimeoutMs: number;
  /** Any number unknown to senders. */
  cacheSeed: number;
  /** Default: nothing is redacted. */
  redaction?: RedactionConfig;
};

export const defaultResolveTimeoutMs = 5 * 60_000;
const retryAfterSecondsDefault = 1;

/** Never added to: most requests have none. */
const noRejections: RejectedAlert[] = [];

/** A request's claim, and what its answer will say. */
class IntakeTicket extends Ticket {
  accepted = 0;
  rejected = noRejections;
  private readonly intake: FrameIntake;
  private readonly settled: Settled;

  constructor(intake: FrameIntake, settled: Settled) {
    super();
    this.intake = intake;
    this.settled = settled;
  }

  protected override settle(): void {
    this.settled(this.intake.result(this));
  }
}

export class FrameIntake implements FormatIntake, CallingIntake {
  readonly counters: IntakeCounters = {
    received: 0,
    accepted: 0,
    rejected: 0,
    failed: 0,
    malformedRequests: 0,
    overloadedRequests: 0,
    laggingRequests: 0,
  };
  /** Rejected alerts by reason; the reasons are a fixed set. */
  readonly rejectedByReason = new Map<string, number>();

  private readonly batcher: Batcher;
  private readonly gate: LagGate;
  private readonly nowMs: () => number;
  private readonly clockMs: () => number;
  private readonly scanner: AlertScanner;
  private readonly reader: AlertReader;
  /** Null: it is switched off. */
  readonly redaction: AlertRedaction | null;
  private rejections = 0;

  constructor(options: IntakeOptions) {
    this.batcher = options.batcher;
    this.gate = options.gate;
    this.nowMs = options.nowMs;
    this.clockMs = options.clockMs ?? (() => performance.now());
    this.scanner = new AlertScanner(options.cacheSeed);
    this.reader = new AlertReader(options.resolveTimeoutMs);
    const { redaction } = options;
    this.redaction = redaction?.enabled === true ? new AlertRedaction(redaction) : null;
  }

  submit(body: Uint8Array, source: string, owner?: AlertOwner): Promise<IntakeResult> {
    return this.submitWith(body, noRejections, source, owner);
  }

  submitWith(
    body: Uint8Array,
    refused: RejectedAlert[],
    _source: string,
    owner?: AlertOwner,
  ): Promise<IntakeResult> {
    return new Promise((resolve) => this.takeArray(body, refused, owner, resolve));
  }

  submitThen(body: Uint8Array, owner: AlertOwner | undefined, settled: Settled): void {
    this.takeArray(body, noRejections, owner, settled);
  }

  submitLines(body: Uint8Array, _source: string, owner?: AlertOwner): Promise<IntakeResult> {
    return new Promise((resolve) => {
      const overload = this.overload(body.length);
      if (overload !== null) return resolve(overload);
      const error = this.scanner.scanLines(body, isUtf8(body));
      this.begin(body, error, noRejections, owner, true, resolve);
    });
  }

  private takeArray(
    body: Uint8Array,
    refused: RejectedAlert[],
    owner: AlertOwner | undefined,
    settled: Settled,
  ): void {
    const overload = this.overload(body.length);
    if (overload !== null) return settled(overload);
    const error = this.scanner.scan(body);
    if (!this.scanner.isAscii && !isUtf8(body)) {
      return settled(this.malformed("the body is not valid UTF-8"));
    }
    this.begin(body, error, refused, owner, false, settled);
  }

  asStored<Texts extends AlertTexts>(texts: Texts): Texts {
    return this.redaction?.redactedTexts(texts) ?? texts;
  }

  private begin(
    body: Uint8Array,
    error: ScanError | null,
    refused: RejectedAlert[],
    owner: AlertOwner | undefined,
    areLines: boolean,
    settled: Settled,
  ): void {
    if (error !== null) return settled(this.malformed(`${error.message} (byte ${error.offset})`));
    if (owner === undefined) return this.redact(body, refused, null, areLines, settled);
    const waitSeconds = owner.takeAlerts(this.scanner.count + refused.length);
    if (waitSeconds !== null) return settled(aboveLimit(waitSeconds));
    const owned = ownedBody(body, this.scanner, owner);
    if (owned === null) return this.redact(body, refused, null, areLines, settled);
    const fault = this.scanner.scan(owned.body);
    if (fault !== null) {
      return settled(this.malformed(`${fault.message}, with the API key's labels`));
    }
    this.redact(owned.body, [...owned.refused, ...refused], owned.places, false, settled);
  }

  /** Before anything is derived from the alerts, and so before anything is stored. */
  private redact(
    body: Uint8Array,
    refused: RejectedAlert[],
    places: readonly number[] | null,
    areLines: boolean,
    settled: Settled,
  ): void {
    const { scanner, redaction } = this;
    const redacted = redaction === null ? null : redaction.redacted(body, scanner, areLines);
    if (redacted === null) return this.take(body, refused, places, settled);
    const fault = areLines
      ? scanner.scanLines(redacted, isUtf8(redacted))
      : scanner.scan(redacted);
    if (fault !== null) return settled(this.malformed(`${fault.message}, after redaction`));
    this.take(redacted, refused, places, settled);
  }

  /** @param places what each scanned alert's index is in the request; null: the same. */
  private take(
    body: Uint8Array,
    refused: RejectedAlert[],
    places: readonly number[] | null,
    settled: Settled,
  ): void {
    const { scanner, reader, batcher } = this;
    const { head } = reader;
    const receivedAtMs = this.nowMs();
    const clockMs = this.clockMs();
    const ticket = new IntakeTicket(this, settled);
    let invalid: RejectedAlert[] | null = null;
    reader.begin(body);
    for (let index = 0; index < scanner.count; index += 1) {
      const fault = reader.read(scanner, index, receivedAtMs);
      if (fault !== null) {
        invalid ??= [];
        invalid.push({ index: places?.[index] ?? index, ...fault });
        continue;
      }
      const partition = partitionOf(head.high, head.low, batcher.partitions);
      if (reader.refer(clockMs)) {
        batcher.alert(ticket, partition, receivedAtMs, head, body, 0, 0);
        continue;
      }
      const start = scanner.rows[index * rowWidth + columns.start] as number;
      const end = scanner.rows[index * rowWidth + columns.end] as number;
      const frame = batcher.alert(ticket, partition, receivedAtMs, head, body, start, end);
      reader.noteSent(frame, clockMs);
    }
    reader.done();
    const rejected = invalid === null ? refused : [...invalid, ...refused];
    ticket.accepted = scanner.count - (invalid?.length ?? 0);
    ticket.rejected = rejected;
    if (rejected.length > 0) this.record(ticket, receivedAtMs, rejected);
    this.counters.received += ticket.accepted + rejected.length;
    ticket.close();
  }

  /** What an answer says of a request whose frames have settled. */
  result(ticket: IntakeTicket): IntakeResult {
    const { accepted, rejected } = ticket;
    if (ticket.failure === null) {
      this.counters.accepted += accepted;
      this.counters.rejected += rejected.length;
      return { kind: "accepted", accepted, rejected };
    }
    this.counters.failed += accepted + rejected.length;
    const { failure } = ticket;
    const wishMs = failure instanceof RetryableError ? failure.retryAfterMs : null;
    return {
      kind: "overloaded",
      status: 503,
      retryAfterSeconds: Math.max(retryAfterSecondsDefault, Math.ceil((wishMs ?? 0) / 1000)),
      reason: "the log could not take the alerts; nothing of this request may be assumed stored",
    };
  }

  /** Rejection records belong to no alert's partition; they take turns. */
  private record(ticket: Ticket, receivedAtMs: number, rejected: RejectedAlert[]): void {
    const groups = new Map<string, { count: number; first: Fault }>();
    for (const alert of rejected) {
      const group = groups.get(alert.reason);
      if (group === undefined) groups.set(alert.reason, { count: 1, first: alert });
      else group.count += 1;
    }
    for (const [reason, { count, first }] of groups) {
      // A refused value was not redacted; its field is all that may be kept of it.
      const value = this.redaction === null ? first.value : "(value withheld by redaction)";
      const detail = first.field === "" ? value : `${first.field}: ${value}`;
      const payload = JSON.stringify({ reason, detail: cut(detail, rejectionDetailBytesMax) });
      this.rejections = (this.rejections + 1) % this.batcher.partitions;
      this.batcher.rejection(ticket, this.rejections, receivedAtMs, Buffer.from(payload), count);
      this.rejectedByReason.set(reason, (this.rejectedByReason.get(reason) ?? 0) + count);
    }
  }

  private malformed(error: string): IntakeResult {
    this.counters.malformedRequests += 1;
    return { kind: "malformed", error };
  }

  /** Why a request of so many bytes has to come back later, or null. */
  private overload(bytes: number): IntakeResult | null {
    if (!this.batcher.admits(bytes)) {
      this.counters.overloadedRequests += 1;
      return {
        kind: "overloaded",
        status: 429,
        retryAfterSeconds: retryAfterSecondsDefault,
        reason: "too many alerts are waiting to become durable; send more slowly",
      };
    }
    const late = this.gate.admit();
    if (late === null) return null;
    this.counters.laggingRequests += 1;
    return {
      kind: "overloaded",
      status: 429,
      retryAfterSeconds: late.retryAfterSeconds,
      reason: "more alerts come than can be processed (ingest.lag_max); send more slowly",
    };
  }
}

function aboveLimit(retryAfterSeconds: number): IntakeResult {
  const reason = "more alerts came than the limits of this API key and its tenant allow";
  return { kind: "overloaded", status: 429, retryAfterSeconds, reason };
}

/** At most `bytesMax` bytes of UTF-8, cut between characters. */
function cut(text: string, bytesMax: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= bytesMax) return text;
  let end = bytesMax;
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end).toString();
}
