/** What an alert says, and in which ways another may be like it. */
import type { LlmReading } from "../similarity/llm-rule.ts";
import type { Candidate } from "./evidence.ts";

/** What one alert says, as far as others can be like it. */
export type Told = {
  /** "": it says nothing in words. */
  template: string;
  text: string;
  /** Fuzzy fingerprints, of its time bucket and of the one before; "": its service is unknown. */
  family: { key: string; previous: string };
  /** Null: no model, or no value of a known metric. */
  reading: LlmReading | null;
  /** Values that came with it, oldest first; null: none. */
  series: number[] | null;
};

export type LikeKind = "message" | "text" | "family" | "series" | "model";

/** One way in which an alert is like an incident, and how much: 0 to 1. */
export type Alike = { kind: LikeKind; similarity: number; because: () => string };

/** Similar incidents with all that is alike. */
export type Likes<C extends Candidate> = Map<C, Alike[]>;

/** @param key fuzzy fingerprint */
export function familyText(key: string): string {
  const [family = "", category = ""] = key.split("|");
  return `a service of family "${family}" has ${category} trouble, as has that of`;
}

export function messageText(similarity: number): string {
  if (similarity === 1) return "but for numbers and names it says the same as";
  return `its message is to ${Math.floor(similarity * 100)} % that of`;
}
