/** Round numbers for axes, and short texts for them. Pure. */

const steps = [1, 2, 4, 5, 10];

/** The smallest round number that is not below `value`; 1 for 0. */
export function axisTop(value: number): number {
  if (value <= 0) return 1;
  const unit = 10 ** Math.floor(Math.log10(value));
  const step = steps.find((each) => each * unit >= value) ?? 10;
  return step * unit;
}

/** 12,400 → "12.4k". */
export function shortNumber(value: number): string {
  if (value >= 1e6) return `${trimmed(value / 1e6)}M`;
  if (value >= 1e4) return `${trimmed(value / 1e3)}k`;
  if (value >= 100) return String(Math.round(value));
  return trimmed(value);
}

/** Seconds as a time since the beginning: "45s", "2:30", "1:05:00". */
export function clock(seconds: number): string {
  if (seconds < 60) return `${trimmed(seconds)}s`;
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${two(whole % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}

function trimmed(value: number): string {
  return String(Number(value.toFixed(value < 10 ? 2 : 1)));
}
