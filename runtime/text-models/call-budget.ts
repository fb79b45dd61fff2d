/**
 * How many calls and tokens a model may still use. A sliding hour in steps of a minute: what was
 * used more than an hour ago counts no more. Kept in memory, so a restart begins with a full one.
 */
const slotMs = 60_000;
const slots = 60;

export type BudgetLimits = { callsPerHour: number; tokensPerHour: number };
type Slot = { minute: number; calls: number; tokens: number };

export class CallBudget {
  readonly #limits: BudgetLimits;
  #slots: Slot[] = [];

  constructor(limits: BudgetLimits) {
    this.#limits = limits;
  }

  /** Takes one call and its tokens out of the budget. @returns false: there is not enough left. */
  take(tokens: number, nowMs: number): boolean {
    const left = this.left(nowMs);
    if (left.calls < 1 || left.tokens < tokens) return false;
    const slot = this.#slotAt(nowMs);
    slot.calls += 1;
    slot.tokens += tokens;
    return true;
  }

  /** The call that took `taken` tokens used `used`. */
  settle(taken: number, used: number, nowMs: number): void {
    const slot = this.#slotAt(nowMs);
    slot.tokens = Math.max(0, slot.tokens + used - taken);
  }

  left(nowMs: number): { calls: number; tokens: number } {
    const from = Math.floor(nowMs / slotMs) - slots;
    this.#slots = this.#slots.filter(({ minute }) => minute > from);
    const { callsPerHour, tokensPerHour } = this.#limits;
    let [calls, tokens] = [callsPerHour, tokensPerHour];
    for (const slot of this.#slots) {
      calls -= slot.calls;
      tokens -= slot.tokens;
    }
    return { calls: Math.max(0, calls), tokens: Math.max(0, tokens) };
  }

  #slotAt(nowMs: number): Slot {
    const minute = Math.floor(nowMs / slotMs);
    const last = this.#slots.at(-1);
    if (last !== undefined && last.minute >= minute) return last;
    const slot = { minute, calls: 0, tokens: 0 };
    this.#slots.push(slot);
    return slot;
  }
}
