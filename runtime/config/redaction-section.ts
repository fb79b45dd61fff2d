/** The section `redaction`: which personal data and secrets are taken out of alerts, and where. */
import { type LinearRegexp, compileLinear } from "../linear-regexps.ts";
import type { ConfigValue } from "./value.ts";

export const redactionKinds = ["mail", "phone", "card", "ipv4", "ipv6", "token"] as const;
export type RedactionKind = (typeof redactionKinds)[number];

export type RedactionPattern = {
  name: string;
  /** A Go expression that runs in linear time and never matches its own replacement. */
  match: string;
  /** Null: by the style. */
  replacement: string | null;
};

export type RedactionConfig = {
  enabled: boolean;
  kinds: RedactionKind[];
  fields: "annotations" | "labels" | "both";
  /** Names whose values stay as they are. */
  except: { annotations: string[]; labels: string[] };
  /** [mail], [redacted] or ***. */
  style: "kind" | "word" | "stars";
  patterns: RedactionPattern[];
};

/** Addresses of machines are what alerts are about, so they are redacted on request only. */
const defaultKinds: RedactionKind[] = ["mail", "phone", "card", "token"];
const patternsMax = 32;
const namesMax = 256;
const nameCharsMax = 512;
const replacementCharsMax = 64;
const patternName = /^[a-z][a-z0-9_]{0,31}$/;

export function readRedaction(value: ConfigValue): RedactionConfig {
  const section = value.section(["enabled", "kinds", "fields", "except", "style", "patterns"]);
  const except = section("except").section(["annotations", "labels"]);
  const style = section("style").choice(["kind", "word", "stars"], "kind");
  return {
    enabled: section("enabled").flag(false),
    kinds: readKinds(section("kinds")),
    fields: section("fields").choice(["annotations", "labels", "both"], "annotations"),
    except: { annotations: readNames(except("annotations")), labels: readNames(except("labels")) },
    style,
    patterns: readPatterns(section("patterns"), style),
  };
}

function readKinds(value: ConfigValue): RedactionKind[] {
  if (!value.present) return [...defaultKinds];
  const kinds = value.list(redactionKinds.length).map((one) => one.choice(redactionKinds, "mail"));
  return redactionKinds.filter((kind) => kinds.includes(kind));
}

function readNames(value: ConfigValue): string[] {
  return value.list(namesMax).map((one) => {
    const name = one.text();
    if (name.length > nameCharsMax) one.expected(`at most ${nameCharsMax} characters`);
    return name;
  });
}

function readPatterns(value: ConfigValue, style: RedactionConfig["style"]): RedactionPattern[] {
  const names = new Set<string>();
  const patterns = value.list(patternsMax).map((one) => {
    const section = one.section(["name", "match", "replacement"]);
    const name = section("name").text();
    if (!patternName.test(name)) {
      section("name").expected("small letters, digits and _, at most 32 of them, such as customer");
    } else if (names.has(name) || isReserved(name)) {
      section("name").expected("a name that neither another pattern nor a kind has");
    }
    names.add(name);
    const match = section("match").text();
    const replacement = section("replacement").optionalText();
    if (replacement !== null && replacement.length > replacementCharsMax) {
      section("replacement").expected(`at most ${replacementCharsMax} characters`);
    }
    return { name, match, replacement, compiled: readMatch(section("match"), match) };
  });
  const written = ["[redacted]", "***", ...redactionKinds.map((kind) => `[${kind}]`)];
  for (const { name, replacement } of patterns) {
    written.push(replacement ?? (style === "kind" ? `[${name}]` : "[redacted]"));
  }
  patterns.forEach(({ compiled }, index) => {
    const met = written.find((text) => compiled !== null && meets(compiled, text));
    if (met === undefined) return;
    const at = value.list(patternsMax)[index]?.section(["name", "match", "replacement"])("match");
    at?.expected(`an expression that does not match "${met}", which stands for what was redacted`);
  });
  return patterns.map(({ name, match, replacement }) => ({ name, match, replacement }));
}

function isReserved(name: string): boolean {
  return name === "text" || redactionKinds.some((kind) => kind === name);
}

function readMatch(value: ConfigValue, match: string): RegExp | null {
  if (match === "") return null;
  const compiled: LinearRegexp = compileLinear(match);
  if (compiled.kind === "error") {
    value.expected(`an expression of Go's that is not refused: ${compiled.message}`);
    return null;
  }
  if (meets(compiled.regexp, "")) {
    value.expected("an expression that does not match an empty text");
    return null;
  }
  return compiled.regexp;
}

function meets(regexp: RegExp, text: string): boolean {
  regexp.lastIndex = 0;
  return regexp.test(text);
}
