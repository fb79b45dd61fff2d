/**
 * Tables of settings: which keys a part of alertmanager.yml may have, what each holds and what
 * it is when absent. The result keeps Alertmanager's own names, so that its documentation is
 * the documentation. Unknown keys are problems; so is a value that is there twice, in the file
 * and by a file's name.
 */
import type { ConfigValue } from "../value.ts";
import { parseGoDuration } from "./go-duration.ts";
import { readSecretFile, type Secret } from "./secret.ts";
import { checkHttpUrl } from "./http-url.ts";
import { formatDuration, parseDuration } from "../units.ts";

export type Section = (key: string) => ConfigValue;

export type Field<T> = {
  /** Read from `key` and, where it is a pair, from `key_file` as well. */
  suffixes: readonly string[];
  read(section: Section, key: string, configFile: string): T;
};

export type Settings<F extends Record<string, Field<unknown>>> = {
  [K in keyof F]: ReturnType<F[K]["read"]>;
};

const listMax = 10_000;
/** Go's longest duration; a longer one is refused there. */
const durationMsMax = 9_223_372_036_854;

export function readSettings<F extends Record<string, Field<unknown>>>(
  value: ConfigValue,
  fields: F,
  configFile: string,
): { settings: Settings<F>; section: Section } {
  const keys = Object.entries(fields).flatMap(([key, field]) =>
    field.suffixes.map((suffix) => key + suffix),
  );
  const section = value.section(keys);
  const settings: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(fields)) {
    settings[key] = field.read(section, key, configFile);
  }
  return { settings: settings as Settings<F>, section };
}

/** A field that one key holds. */
export function field<T>(read: (value: ConfigValue, configFile: string) => T): Field<T> {
  return { suffixes: [""], read: (section, key, configFile) => read(section(key), configFile) };
}

export const text = (fallback = ""): Field<string> => field((value) => value.scalarText(fallback));

export const flag = (fallback: boolean): Field<boolean> =>
  field((value) => value.flag(value.given ? false : fallback));

/** Null: absent, somebody else's default holds. */
export const optionalFlag: Field<boolean | null> = field((value) =>
  value.present ? value.flag(false) : null,
);

export const count: Field<number> = field((value) =>
  value.integer({ default: 0, min: 0, max: Number.MAX_SAFE_INTEGER }),
);

export const integer: Field<number> = field((value) =>
  value.integer({ default: 0, min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
);

export const texts: Field<string[]> = field((value) =>
  value.list(listMax).map((item) => item.scalarText("")),
);

export const textMap: Field<Record<string, string>> = field((value) =>
  Object.fromEntries(value.entries(listMax).map(([key, entry]) => [key, entry.scalarText("")])),
);

/** A map of whatever JSON can hold, most of it templates. */
export const plainMap: Field<Record<string, unknown>> = field((value) =>
  Object.fromEntries(value.entries(listMax).map(([key, entry]) => [key, entry.plain()])),
);

export const plain: Field<unknown> = field((value) => value.plain());

/** Prometheus' duration (1d2h, 30s) in ms. */
export function readDuration(value: ConfigValue, fallbackMs: number): number {
  if (!value.present) return fallbackMs;
  const ms = parseDuration(value.scalarText(""));
  if (ms !== null && ms <= durationMsMax) return ms;
  value.expected("a duration such as 30s, 5m, 1h30m or 1d");
  return fallbackMs;
}

export const duration = (fallbackMs: number): Field<number> =>
  field((value) => readDuration(value, fallbackMs));

/** Go's own duration (1m30s, 1.5h, no days) in ms; 0: no limit. Go takes a bare number as ns. */
export const goDuration = (fallbackMs: number): Field<number> =>
  field((value) => {
    if (!value.present) return fallbackMs;
    const written = value.scalarText("");
    const ms = parseGoDuration(written);
    if (ms !== null && ms >= 0) return ms;
    if (/^\d+$/.test(written)) {
      value.warn(`${written} without a unit is ${written} nanoseconds; write ${written}s?`);
      return Number(written) / 1e6;
    }
    const longer = parseDuration(written);
    value.expected(
      "a duration in hours, minutes and seconds such as 30s, 1m30s or 1.5h"
        + (longer === null ? "" : `; ${formatDuration(longer)} in hours is ${longer / 3_600_000}h`),
    );
    return fallbackMs;
  });

export const choice = (choices: readonly string[], fallback: string): Field<string> =>
  field((value) => value.choice(choices, fallback));

/** An address that is no secret; null when absent. */
export const url: Field<string | null> = field((value) => {
  const written = value.present ? value.scalarText("") : "";
  if (written === "") {
    if (value.present) value.expected("an http:// or https:// URL");
    return null;
  }
  const problem = checkHttpUrl(written);
  if (problem !== null) value.problem(problem);
  return written;
});

const onlyOne = (section: Section, key: string): void => {
  section(`${key}_file`).problem(`${key} and ${key}_file are both given, expected one of them`);
};

/** `key`, or the content of `key_file`; null when neither is given. */
export const secret: Field<Secret | null> = pair(onlyOne, () => null);

/** The same, for an address. */
export const secretUrl: Field<Secret | null> = pair(onlyOne, (written) =>
  written === "<secret>" ? null : checkHttpUrl(written),
);

/** Where Alertmanager lets both stand: the file wins, and that is said. */
export const secretOrElseFile: Field<Secret | null> = pair(
  (section, key) => section(key).warn(`${key}_file is given too and wins`),
  () => null,
);

/** A secret without a file. */
export const inlineSecret: Field<Secret | null> = field((value) => {
  const secretText = value.secretText();
  return secretText === "" ? null : { secretText, file: null };
});

function pair(
  both: (section: Section, key: string) => void,
  check: (written: string) => string | null,
): Field<Secret | null> {
  return {
    suffixes: ["", "_file"],
    read(section, key, configFile) {
      const written = section(key).secretText();
      const file = section(`${key}_file`);
      if (written !== "") {
        const problem = check(written);
        if (problem !== null) section(key).problem(problem);
      }
      if (file.scalarText("") === "") {
        return written === "" ? null : { secretText: written, file: null };
      }
      if (written !== "") both(section, key);
      return readSecretFile(file, configFile);
    },
  };
}

/** A text that is no secret, or the name of a file that holds it. */
export const textOrFile: Field<Secret | null> = {
  suffixes: ["", "_file"],
  read(section, key, configFile) {
    const written = section(key).scalarText("");
    const file = section(`${key}_file`);
    if (file.scalarText("") === "") {
      return written === "" ? null : { secretText: written, file: null };
    }
    if (written !== "") onlyOne(section, key);
    return readSecretFile(file, configFile);
  },
};
