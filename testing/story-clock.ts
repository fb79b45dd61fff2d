/** The clock of stories: "00:00" is a fixed moment, times are written as people read them. */

export const storyBeginMs = Date.UTC(2026, 0, 1);

/** "mm:ss" or "hh:mm:ss" as ms since the story's beginning. */
export function clockMs(text: string): number {
  if (!/^(\d+:)?\d{1,2}:\d{2}$/.test(text)) throw new Error(`not mm:ss or hh:mm:ss: ${text}`);
  const [seconds = 0, minutes = 0, hours = 0] = text.split(":").map(Number).reverse();
  return ((hours * 60 + minutes) * 60 + seconds) * 1_000;
}

/** The inverse, for people: "00:05:00"; null reads "gone". */
export function storyTimeText(ms: number | null): string {
  if (ms === null) return "gone";
  const seconds = (ms - storyBeginMs) / 1_000;
  const parts = [seconds / 3_600, (seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(Math.floor(part)).padStart(2, "0")).join(":");
}
