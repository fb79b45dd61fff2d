/**
 * Silences: matchers that keep matching alerts from being told, within their times.
 *
 * The whole state of a silence travels in each record, and the newer one wins (`updatedAtMs`, then
 * the text of the record): partitions that saw the same records in different orders agree.
 */
import type { Labels } from "../alert/events.ts";
import { type CompiledMatcher, compileMatchers } from "../incident/matchers.ts";
import { lookupOf } from "./routes.ts";
import { localTime } from "./zones.ts";
import type { Silence, SilenceRecurrence, SilenceState } from "./types.ts";

/** Alertmanager's default of `--data.retention`: ended silences can be seen for five days. */
export const silenceRetentionMs = 120 * 3_600_000;
/** Silences kept, ended ones included. */
export const silencesMax = 20_000;

type Compiled = { silence: Silence; holds: CompiledMatcher };

export class Silences {
  readonly #silences = new Map<string, Compiled>();
  /** None of them is to be forgotten before, ms. */
  #forgetFromMs = Infinity;
  /** Grows with each change, so that what was derived from the silences is known to be old. */
  version = 0;

  /** Takes the silence in unless a newer state of it is known. @returns whether it holds now. */
  merge(silence: Silence, nowMs: number): boolean {
    this.#forget(nowMs);
    const known = this.#silences.get(silence.id)?.silence;
    if (known === undefined && this.#silences.size >= silencesMax) return false;
    const isSame = known !== undefined && JSON.stringify(silence) === JSON.stringify(known);
    if (isSame) return true;
    if (known !== undefined && !isNewer(silence, known)) return false;
    const holds = compileMatchers(silence.matchers, "bounded");
    this.#silences.set(silence.id, { silence, holds });
    this.#forgetFromMs = Math.min(this.#forgetFromMs, forgottenAtMs(silence));
    this.version += 1;
    return true;
  }

  get(id: string): Silence | null {
    return this.#silences.get(id)?.silence ?? null;
  }

  all(): Silence[] {
    return [...this.#silences.values()].map(({ silence }) => silence);
  }

  get size(): number {
    return this.#silences.size;
  }

  /** Ids of the silences whose matchers hold, whatever their times. */
  matching(labels: Labels): string[] {
    if (this.#silences.size === 0) return [];
    const lookup = lookupOf(labels);
    const ids: string[] = [];
    for (const [id, { holds }] of this.#silences) if (holds(lookup)) ids.push(id);
    return ids;
  }

  isActive(id: string, nowMs: number): boolean {
    const silence = this.get(id);
    return silence !== null && isActive(silence, nowMs);
  }

  #forget(nowMs: number): void {
    if (nowMs <= this.#forgetFromMs) return;
    this.#forgetFromMs = Infinity;
    for (const [id, { silence }] of this.#silences) {
      const atMs = forgottenAtMs(silence);
      if (atMs >= nowMs) {
        this.#forgetFromMs = Math.min(this.#forgetFromMs, atMs);
        continue;
      }
      this.#silences.delete(id);
      this.version += 1;
    }
  }
}

/** It can be seen up to here, ms. */
function forgottenAtMs({ endsAtMs }: Silence): number {
  return endsAtMs + silenceRetentionMs;
}

export function silenceState(silence: Silence, nowMs: number): SilenceState {
  if (nowMs >= silence.endsAtMs) return "expired";
  return nowMs < silence.startsAtMs ? "pending" : "active";
}

/** Mutes now: within its times and, when it recurs, within the hours of the day it is for. */
export function isActive(silence: Silence, nowMs: number): boolean {
  if (silenceState(silence, nowMs) !== "active") return false;
  return silence.recurrence === null || recursAt(silence.recurrence, nowMs);
}

/** A span that passes midnight belongs to the weekday on which it began. */
function recursAt(recurrence: SilenceRecurrence, atMs: number): boolean {
  const { weekdays, fromMinute, toMinute, offsets } = recurrence;
  const { minute, weekday } = localTime(atMs, offsets);
  const isOn = (day: number): boolean => weekdays.length === 0 || weekdays.includes(day);
  if (fromMinute < toMinute) return isOn(weekday) && minute >= fromMinute && minute < toMinute;
  if (minute >= fromMinute) return isOn(weekday);
  return minute < toMinute && isOn((weekday + 6) % 7);
}

function isNewer(silence: Silence, known: Silence): boolean {
  if (silence.updatedAtMs !== known.updatedAtMs) return silence.updatedAtMs > known.updatedAtMs;
  return JSON.stringify(silence) > JSON.stringify(known);
}
