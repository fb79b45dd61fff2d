/** Colours for people at a terminal; none elsewhere, and none where NO_COLOR is set. */
import type { Io } from "./command.ts";

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 } as const;
export type Colour = keyof typeof codes;
export type Paint = (colour: Colour | null, text: string) => string;

export function paintFor(io: Io): Paint {
  const colours = io.isTty && !io.env["NO_COLOR"] && io.env["TERM"] !== "dumb";
  return (colour, text) =>
    colours && colour !== null ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text;
}

const bySeverity: Record<string, Colour> = {
  critical: "red",
  high: "red",
  medium: "yellow",
  low: "cyan",
  info: "blue",
};

const byStatus: Record<string, Colour> = {
  triggered: "red",
  acknowledged: "yellow",
  investigating: "yellow",
  identified: "yellow",
  resolved: "green",
  closed: "dim",
  merged: "dim",
};

export const severityColour = (severity: string): Colour | null => bySeverity[severity] ?? null;
export const statusColour = (status: string): Colour | null => byStatus[status] ?? null;
