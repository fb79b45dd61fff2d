/**
 * A file of severity factors, bands and a matrix, from YAML. Levels are written as severities
 * (critical, high, …) or as names of the scale in force (SEV1, SEV2, …).
 */
import {
  axes,
  type Band,
  circumstances,
  type CircumstanceName,
  type Factor,
  type FactorScale,
  type FactorSource,
  type LevelScale,
  type SeverityConfig,
} from "../../actors/severity/config.ts";
import { levelOf, severityOfLevel } from "../../actors/severity/levels.ts";
import { severities, type Severity } from "../../actors/incident/types.ts";
import { readConfigFile } from "./config-file.ts";
import { readMatcher, readName } from "./people-sections.ts";
import { Reading } from "./reading.ts";
import { ConfigValue } from "./value.ts";

export const weightMax = 1_000;

const placesMax = 20_000;
/** The terms of a score travel with each event of an incident. */
const factorsMax = 64;
const namesMax = 32;
const matchersMax = 50;
const pointsMax = 32;
const wordsMax = 200;
const bandsMax = 10;
const nameCharsMax = 200;

/** What stands for all other words. */
const otherwise = "*";

export type SeverityFile = Omit<SeverityConfig, "mode" | "scale">;

/** @param scale of the levels in it. @throws ConfigError with all problems. */
export function loadSeverityFile(file: string, scale: LevelScale): SeverityFile {
  const reading = new Reading(file, readConfigFile(file), { placesMax });
  const root = new ConfigValue(reading, reading.document.contents, "", null);
  const section = root.section(["missing", "new_evidence", "bands", "matrix", "factors"]);
  const bands = readBands(section("bands"));
  const content = {
    missing: section("missing").choice(["renormalise", "zero"] as const, "renormalise"),
    newEvidence: section("new_evidence").present
      ? section("new_evidence").numberWithin({ min: 0.01, max: 1 })
      : 0.25,
    bands,
    matrix: readMatrix(section("matrix"), bands, scale),
    factors: readFactors(section("factors"), scale),
  };
  reading.endIfBad();
  return content;
}

function readBands(value: ConfigValue): SeverityFile["bands"] {
  const section = value.section(axes);
  const [impact, urgency] = axes.map((axis) => readAxis(section(axis)));
  return { impact: impact ?? [], urgency: urgency ?? [] };
}

function readAxis(value: ConfigValue): Band[] {
  const bands = value.entries(bandsMax).map(([name, from]) => {
    return { name, from: from.numberWithin({ min: 0, max: 1 }), place: from };
  });
  const [first] = bands;
  if (first === undefined) value.expected("bands, such as { low: 0, medium: 0.25, high: 0.5 }");
  else if (first.from !== 0) first.place.expected("0, where the first band begins");
  bands.forEach(({ from, place }, at) => {
    const before = bands[at - 1];
    if (before !== undefined && from <= before.from) {
      place.expected(`more than ${before.from}, where ${before.name} begins`);
    }
  });
  return bands.map(({ name, from }) => ({ name, from }));
}

/** A row for each band of impact, with a level for each band of urgency. */
function readMatrix(
  value: ConfigValue,
  bands: SeverityFile["bands"],
  scale: LevelScale,
): Severity[][] {
  const row = value.section(bands.impact.map(({ name }) => name));
  return bands.impact.map(({ name }) => {
    const cell = row(name).section(bands.urgency.map((band) => band.name));
    return bands.urgency.map((band) => readLevel(cell(band.name), scale));
  });
}

function readLevel(value: ConfigValue, scale: LevelScale): Severity {
  const severity = severityOfLevel(scale, value.scalarText(""));
  if (severity !== null) return severity;
  const names = severities.map((each) => levelOf(scale, each));
  value.expected(`a level: one of ${[...new Set(names), ...severities].join(", ")}`);
  return "info";
}

function readFactors(value: ConfigValue, scale: LevelScale): Factor[] {
  const entries = value.list(factorsMax);
  if (entries.length === 0) value.expected("at least one factor");
  const taken = new Set<string>();
  return entries.map((entry) => readFactor(entry, taken, scale));
}

function readFactor(value: ConfigValue, taken: Set<string>, levels: LevelScale): Factor {
  const section = value.section([
    ...["name", "axis", "weight", "of", "read", "per", "match", "points", "words", "at_least"],
  ]);
  const name = readName(section("name"), taken);
  if (!section("axis").present) section("axis").expected(`one of ${axes.join(", ")}`);
  const axis = section("axis").choice(axes, "impact");
  const source = readSource(value, section);
  const scale = readScale(value, section);
  const isWord = source.kind === "circumstance" && source.name === "severity";
  if (isWord && scale.kind === "points") {
    section("points").problem("the factor is a severity, expected words: { critical: 1, … }");
  }
  if (source.kind === "said" && source.per.length > 0 && scale.kind === "words") {
    section("words").problem("a value over another one is a number, expected points");
  }
  return {
    name,
    axis,
    weight: section("weight").present
      ? section("weight").numberWithin({ min: 0, max: weightMax })
      : 1,
    source,
    scale,
    atLeast: readAtLeast(section("at_least"), levels),
  };
}

type Section = (key: string) => ConfigValue;

function readSource(value: ConfigValue, section: Section): FactorSource {
  const [of, read] = [section("of"), section("read")];
  if (of.present === read.present) {
    value.problem("expected either of (what is known of the incident) or read (names of labels)");
  }
  if (of.present) {
    for (const key of ["per", "match"]) {
      if (section(key).present) section(key).problem("it goes with read alone");
    }
    const name: CircumstanceName = of.choice(circumstances, "alerts");
    return { kind: "circumstance", name };
  }
  return {
    kind: "said",
    names: read.list(namesMax).map(readLabel),
    per: section("per").list(namesMax).map(readLabel),
    matchers: section("match").list(matchersMax).flatMap(readMatcher),
  };
}

function readScale(value: ConfigValue, section: Section): FactorScale {
  const [points, words] = [section("points"), section("words")];
  if (points.present === words.present) {
    value.problem("expected either points (for numbers) or words (for texts)");
  }
  return words.present ? readWords(words) : { kind: "points", points: readPoints(points) };
}

function readPoints(value: ConfigValue): [number, number][] {
  const points = value.list(pointsMax).map((entry) => {
    const pair = entry.list(2);
    const [at, bad] = pair;
    if (at === undefined || bad === undefined) {
      entry.expected("a pair [value, how bad that is from 0 to 1]");
      return { point: [0, 0] as [number, number], entry };
    }
    const point: [number, number] = [at.number(0), bad.numberWithin({ min: 0, max: 1 })];
    return { point, entry };
  });
  if (points.length === 0 && value.present) value.expected("at least one point");
  points.forEach(({ point, entry }, at) => {
    const before = points[at - 1]?.point[0];
    if (before !== undefined && point[0] <= before) {
      entry.problem(`its value is ${point[0]}, expected more than ${before}, as before it`);
    }
  });
  return points.map(({ point }) => point);
}

function readWords(value: ConfigValue): FactorScale {
  const entries = value.entries(wordsMax).map(([word, bad]): [string, number] => [
    word.trim().toLowerCase(),
    bad.numberWithin({ min: 0, max: 1 }),
  ]);
  const words = Object.fromEntries(entries.filter(([word]) => word !== otherwise));
  const others = entries.find(([word]) => word === otherwise)?.[1] ?? null;
  return { kind: "words", words, otherwise: others };
}

function readAtLeast(value: ConfigValue, scale: LevelScale): Factor["atLeast"] {
  const rules = value.entries(severities.length).flatMap(([level, from]) => {
    const severity = severityOfLevel(scale, level);
    const bound = from.numberWithin({ min: 0, max: 1 });
    if (severity !== null) return [{ severity, from: bound }];
    const names = severities.map((each) => levelOf(scale, each));
    from.problem(`${level} is no level, expected ${[...new Set(names), ...severities].join(", ")}`);
    return [];
  });
  return rules.sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
}

function readLabel(value: ConfigValue): string {
  const label = value.text();
  if (label.length > nameCharsMax) value.expected(`at most ${nameCharsMax} characters`);
  return label;
}
