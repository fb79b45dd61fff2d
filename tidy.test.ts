/** The house rules (design sections 1 and 8, style.md), checked on every file of the project. */
import { describe, expect, test } from "vitest";
import { checkDeadFiles, checkImports, type Declared } from "./testing/tidy/imports.ts";
import { checkFile, type Finding } from "./testing/tidy/rules.ts";
import { sourceFile, sourceTree } from "./testing/tidy/source-tree.ts";
import packageJson from "./package.json" with { type: "json" };

const declared: Declared = {
  dependencies: new Set(Object.keys(packageJson.dependencies)),
  devDependencies: new Set(Object.keys(packageJson.devDependencies)),
};

const printed = (findings: Finding[]): string =>
  findings
    .map((each) => `${each.path}:${each.line}: ${each.rule}: ${each.message}`)
    .join("\n");

test("the project is tidy", () => {
  const files = sourceTree(import.meta.dirname);
  expect(files.length).toBeGreaterThan(10);
  const findings = [
    ...files.flatMap(checkFile),
    ...checkImports(files, declared),
    ...checkDeadFiles(files),
  ];
  const warnings = findings.filter((each) => each.kind === "warning");
  if (warnings.length > 0) process.stderr.write(`tidy warns:\n${printed(warnings)}\n`);
  expect(printed(findings.filter((each) => each.kind === "error"))).toBe("");
});

describe("the rules refuse", () => {
  const long = "x".repeat(90);
  const many = (lines: number): string => "1;\n".repeat(lines);
  const leftover = ["TO", "DO"].join("");
  const bad: [rule: string, path: string, text: string][] = [
    ["file length", "runtime/long.ts", many(501)],
    ["line length", "streams/wide.ts", `const a = "${long}";`],
    ["line length", "reports/wide.sql", `select '${long}' as nothing`],
    ["function length", "runtime/f.ts", `function f() {\n${many(70)}}`],
    ["function length", "runtime/f.ts", `class A {\n  f = () => {\n${many(70)}}}`],
    ["function length", "runtime/f.test.ts", `test("x", () => {\n${many(70)}});`],
    ["leftovers", "runtime/a.ts", `// ${leftover} later`],
    ["leftovers", "reports/a.sql", `-- ${leftover}`],
    ["leftovers", "runtime/a.test.ts", "test.only('x', () => {});"],
    ["leftovers", "runtime/a.test.ts", "describe.skip('x', () => {});"],
    ["leftovers", "runtime/a.ts", "console.log(1);"],
    ["leftovers", "runtime/a.ts", "debugger;"],
    ["names", "runtime/utils.ts", "export const a = 1;"],
    ["names", "runtime/index.ts", "export const a = 1;"],
    ["names", "runtime/FooBar.ts", "export const a = 1;"],
    ["names", "runtime/foo.Bar.ts", "export const a = 1;"],
    ["barrels", "runtime/all.ts", "export * from './a.ts';\nexport { b } from './b.ts';"],
    ["types", "runtime/a.ts", "export function f(a: any) { return a; }"],
    ["types", "runtime/a.ts", "export type A = Record<string, any>;"],
    ["types", "runtime/a.ts", "// @ts-ignore\nexport const a = 1;"],
    ["purity", "actors/a.ts", "export const a = Date.now();"],
    ["purity", "actors/a.ts", "export const a = new Date();"],
    ["purity", "actors/a.ts", "const clock = Date;"],
    ["purity", "actors/a.ts", "export const a = Math.random();"],
    ["purity", "actors/a.ts", "export const a = process.env;"],
    ["purity", "actors/a.ts", "setTimeout(() => {}, 1);"],
    ["purity", "actors/a.ts", "export async function f() {}"],
    ["purity", "actors/a.ts", "export const f = async () => {};"],
    ["purity", "actors/a.ts", "const a = await 1;"],
    ["purity", "actors/a.ts", "const a = import('./b.ts');"],
    ["purity", "actors/a.ts", "['b', 'a'].sort((a, b) => a.localeCompare(b));"],
    ["purity", "actors/a.ts", "const { process } = globalThis;"],
  ];

  test.each(bad)("%s in %s, case %#", (rule, path, text) => {
    const rules = checkFile(sourceFile(path, text)).map((finding) => finding.rule);
    expect(rules).toContain(rule);
  });

  const badImports: [path: string, specifier: string][] = [
    ["actors/a.ts", "../runtime/ports.ts"],
    ["actors/a.ts", "node:fs"],
    ["actors/alert/a.ts", "msgpackr"],
    ["actors/a.ts", "../streams/subjects.ts"],
    ["runtime/a.ts", "../streams/jetstream-log.ts"],
    ["runtime/a.ts", "../ingress/http.ts"],
    ["streams/a.ts", "../ingress/http.ts"],
    ["ingress/a.ts", "../channels/channel.ts"],
    ["reports/a.ts", "../cli/command.ts"],
    ["channels/deep/a.ts", "../../testing/random.ts"],
    ["main.ts", "./testing/random.ts"],
    ["runtime/a.ts", "./a.test.ts"],
    ["cli/a.ts", "../main.ts"],
    ["runtime/a.ts", "left-pad"],
    ["runtime/a.ts", "vitest"],
    ["loadtest/a.ts", "k6/http"],
    ["runtime/a.ts", "../../elsewhere.ts"],
  ];

  test.each(badImports)("imports: %s from %s", (path, specifier) => {
    for (const text of [
      `import { x } from "${specifier}";`,
      `import type { X } from "${specifier}";`,
      `export { x } from "${specifier}";\nexport const b = 1;`,
      `export const x = () => import("${specifier}");`,
      `export type X = import("${specifier}").X;`,
    ]) {
      expect(checkImports([sourceFile(path, text)], declared), text).toHaveLength(1);
    }
  });

  test("dead files, and files that only tests use", () => {
    const files = [
      sourceFile("runtime/dead.ts", "export const a = 1; // dead.ts is my name"),
      sourceFile("runtime/half.ts", "export const b = 1;"),
      sourceFile("runtime/half.test.ts", "import { b } from './half.ts';\nb;"),
      sourceFile("runtime/alive.ts", "export const c = 1;"),
      sourceFile("streams/child.ts", "export const d = 1;"),
      sourceFile("main.ts", "import './runtime/alive.ts';\nfork('streams/child.ts');"),
    ];
    const found = checkDeadFiles(files).map((each) => `${each.kind} ${each.path}`);
    expect(found).toEqual(["error runtime/dead.ts", "warning runtime/half.ts"]);
  });
});

describe("the rules allow", () => {
  const good: [path: string, text: string][] = [
    ["actors/a.ts", "export const f = (ms: number) => new Date(ms).toISOString();"],
    ["actors/a.ts", "export type T = { process: string; fetch: Date };\nexport const t = 1;"],
    ["actors/a.ts", "export const f = (a: { process: 1 }) => a.process + Date.UTC(1970);"],
    ["actors/a.test.ts", "test('x', async () => { await setTimeout(() => {}, 1); });"],
    ["runtime/a.ts", "// a Promise, a console, a process\nexport const many = 'any';"],
    ["runtime/a.test.ts", `describe("x", () => {\n${many100()}});`],
    ["runtime/f.ts", `function f() {\n${"1;\n".repeat(68)}}`],
    ["runtime/a.ts", "export const a = { only: 1, skip: 2 }.only;"],
    ["runtime/a.ts", "import { a } from './b.ts';\nexport { a };"],
  ];

  test.each(good)("%s, case %#", (path, text) => {
    expect(printed(checkFile(sourceFile(path, text)))).toBe("");
  });

  const goodImports: [path: string, specifier: string][] = [
    ["actors/alert/a.ts", "../incident/types.ts"],
    ["runtime/a.ts", "../actors/alert/events.ts"],
    ["runtime/a.ts", "../streams/codec.ts"],
    ["runtime/a.ts", "node:crypto"],
    ["streams/a.ts", "../runtime/ports.ts"],
    ["streams/a.ts", "@nats-io/jetstream/internal"],
    ["cli/commands/a.ts", "../../ingress/http.ts"],
    ["main.ts", "./streams/subjects.ts"],
    ["actors/a.test.ts", "../testing/scenario.ts"],
    ["actors/a.test.ts", "vitest"],
    ["testing/a.ts", "../runtime/ports.ts"],
    ["loadtest/k6/a.ts", "k6/http"],
  ];

  test.each(goodImports)("imports: %s from %s", (path, specifier) => {
    const file = sourceFile(path, `import { x } from "${specifier}";`);
    expect(printed(checkImports([file], declared))).toBe("");
  });
});

function many100(): string {
  return "1;\n".repeat(100);
}
