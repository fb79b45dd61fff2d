/** `time_intervals`, and the older `mute_time_intervals`: named times at which routes are quiet. */
import type { TimeInterval } from "../../../actors/dispatch/config.ts";
import { weekdayNames } from "../recurrence.ts";
import type { ConfigValue } from "../value.ts";

const intervalsMax = 10_000;
const rangesMax = 1_000;
const shortestMonthDays = 28;

const monthNames = ["january", "february", "march", "april", "may", "june"].concat(
  ["july", "august", "september", "october", "november", "december"],
);

type Range = { from: number; to: number };
type ReadMember = (word: string) => number | null;

export type ReadTimeIntervals = {
  timeIntervals: Record<string, TimeInterval[]>;
  /** Where each name stands, for warnings. */
  names: Map<string, ConfigValue>;
};

/** Both lists share their names. */
export function readTimeIntervals(lists: ConfigValue[]): ReadTimeIntervals {
  const names = new Map<string, ConfigValue>();
  const intervals = lists.flatMap((list) =>
    list.list(intervalsMax).map((entry): [string, TimeInterval[]] => {
      const section = entry.section(["name", "time_intervals"]);
      const name = section("name").scalarText("");
      if (name === "") section("name").expected("the time interval's name");
      else if (names.has(name)) section("name").problem(`the name ${name} is taken already`);
      else names.set(name, section("name"));
      const parts = section("time_intervals").list(rangesMax).map(readInterval);
      if (parts.length === 0) entry.warn("holds at no time: it has no time_intervals");
      return [name, parts];
    }),
  );
  return { timeIntervals: Object.fromEntries(intervals), names };
}

function readInterval(value: ConfigValue): TimeInterval {
  const keys = ["times", "weekdays", "days_of_month", "months", "years", "location"];
  const section = value.section(keys);
  return {
    times: readList(section("times"), readTimes),
    weekdays: readList(section("weekdays"), (item) =>
      readRange(item, weekday, "a weekday or a range such as monday:friday", inOrder),
    ),
    daysOfMonth: readList(section("days_of_month"), (item) =>
      readRange(item, number, "a day of the month, such as 1:7 or -1 for the last", daysProblem),
    ),
    months: readList(section("months"), readMonths),
    years: readList(section("years"), (item) =>
      readRange(item, number, "a year or a range such as 2026:2028", inOrder),
    ),
    location: readLocation(section("location")),
  };
}

/** Null where the key is absent: any time will do. */
function readList<T>(value: ConfigValue, read: (item: ConfigValue) => T | null): T[] | null {
  if (!value.present) return null;
  const items = value.list(rangesMax);
  if (items.length === 0) value.warn("an empty list holds at no time");
  return items.map(read).filter((item) => item !== null);
}

function readTimes(item: ConfigValue): { fromMinute: number; toMinute: number } | null {
  const section = item.section(["start_time", "end_time"]);
  const [fromMinute, toMinute] = [minute(section("start_time")), minute(section("end_time"))];
  if (fromMinute === null || toMinute === null) return null;
  if (fromMinute >= toMinute) {
    section("end_time").expected(
      "a time after start_time; write two ranges to span midnight, the first up to 24:00",
    );
  }
  return { fromMinute, toMinute };
}

function minute(value: ConfigValue): number | null {
  const match = /^(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/.exec(value.scalarText(""));
  if (match === null) value.expected("a time from 00:00 to 24:00");
  else return match[1] === undefined ? 1_440 : Number(match[1]) * 60 + Number(match[2]);
  return null;
}

function readMonths(item: ConfigValue): Range | null {
  const range = readRange(item, month, "a month or a range such as march:may or 3:5", inOrder);
  if (range !== null && (range.from > 12 || range.to < 1)) item.warn("there is no such month");
  return range;
}

function readRange(
  item: ConfigValue,
  readMember: ReadMember,
  what: string,
  problemOf: (range: Range) => string | null,
): Range | null {
  const words = item.scalarText("").toLowerCase().split(":");
  const [from, to] = [readMember(words[0]!), readMember(words.at(-1)!)];
  if (from === null || to === null || words.length > 2) {
    item.expected(what);
    return null;
  }
  const problem = problemOf({ from, to });
  if (problem !== null) item.problem(problem);
  return { from, to };
}

const number: ReadMember = (word) => (/^[+-]?\d{1,9}$/.test(word) ? Number(word) : null);

const weekday: ReadMember = (word) => {
  const index = weekdayNames.indexOf(word);
  return index < 0 ? null : index;
};

const month: ReadMember = (word) => {
  const index = monthNames.indexOf(word);
  return index < 0 ? number(word) : index + 1;
};

function inOrder({ from, to }: Range): string | null {
  return from > to ? "the range ends before it starts; write two ranges instead" : null;
}

/** Negative days count from the month's end, whose length is known only when it comes. */
function daysProblem({ from, to }: Range): string | null {
  for (const day of [from, to]) {
    if (day === 0 || Math.abs(day) > 31) return `there is no day ${day}, expected 1:31 or -31:-1`;
  }
  if (from < 0 && to > 0) return "the range starts from the month's end, so must it end";
  const fromStart = (day: number): number => (day < 0 ? shortestMonthDays + day : day);
  return fromStart(from) > fromStart(to) ? "the range ends before it starts" : null;
}

function readLocation(value: ConfigValue): string {
  const name = value.scalarText("");
  if (name === "" || name === "UTC") return "UTC";
  if (name === "Local") return new Intl.DateTimeFormat().resolvedOptions().timeZone;
  try {
    // Node takes offsets such as +01:00, Go does not: they know no daylight saving.
    if (/^[A-Za-z]/.test(name)) new Intl.DateTimeFormat("en", { timeZone: name });
    else value.expected("a time zone such as Europe/Berlin");
  } catch {
    value.expected("a time zone such as Europe/Berlin");
  }
  return name;
}
