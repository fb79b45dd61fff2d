import { expect, test } from "vitest";
import { TerminalError } from "../../runtime/errors.ts";
import { checkReadOnly, guardedNames, statementCharsMax } from "./read-only.ts";

const guarded = guardedNames(["url", "numbers", "remote", "executable", "s3", "file"]);
const check = (sql: string, format = "JSON"): { sql: string; format: string } =>
  checkReadOnly(sql, format, guarded);

test.each([
  "select 1",
  "  (select 1) union all (select 2) ;; ",
  "with a as (select 1) select * from a",
  "/* drop */ select 'drop table x; into outfile', `file` from t -- file('x')",
  "show tables",
  "describe tocsin.alerts",
  "explain select 1",
  "select number from numbers(10)",
  "select url, file from t where remote = 'it''s \\' file('",
  "select labels['a'] from t # a comment to the end",
])("passes: %s", (sql) => {
  expect(() => check(sql)).not.toThrow();
});

test.each([
  ["", /empty/],
  [" ; ", /empty/],
  ["drop table t", /begins with/],
  ["kill query where 1", /begins with/],
  ["system shutdown", /begins with/],
  ["select 1; select 2", /one statement/],
  ["select 1 into outfile 'a'", /OUTFILE/],
  ["select 1 INTO/**/OUTFILE 'a'", /OUTFILE/],
  ["select file('/etc/passwd')", /function file/],
  ["select FiLe /* */ ('/etc/passwd')", /function FiLe/],
  ["select `file`('/etc/passwd')", /refused/],
  ['select "fi\\x6ce"(\'/etc/passwd\')', /refused/],
  ["select * from url('http://127.0.0.1/')", /function url/],
  ["select '/etc/passwd' as x, columns('x') apply file", /function file/],
  ["select '/etc/passwd' as x, columns('x') apply(file)", /function file/],
  ["select \u2018'\u2019, file('/etc/passwd'), \u2018'\u2019", /not understood/],
  ["select $a$ ' $a$, file('x'), $a$ ' $a$", /not understood/],
  ["select 'never closed", /not understood/],
  ["select 1 /* never closed", /not understood/],
  [`select '${"x".repeat(statementCharsMax)}'`, /longer/],
] as const)("refuses: %s", (sql, reason) => {
  expect(() => check(sql)).toThrow(TerminalError);
  expect(() => check(sql)).toThrow(reason);
});

test("a FORMAT clause in the statement wins and is taken out of it", () => {
  expect(check("select 1 as format FORMAT CSVWithNames;", "JSON")).toEqual({
    sql: "select 1 as format ",
    format: "CSVWithNames",
  });
  expect(check("select 1;", "TSV")).toEqual({ sql: "select 1", format: "TSV" });
  expect(check("select format('{}', 1)", "TSV").format).toBe("TSV");
});

test.each(["Native", "Parquet", "RowBinary", "JSON; drop", "", "JSON\n"])(
  "the format %j is refused",
  (format) => {
    expect(() => check("select 1", format)).toThrow(/cannot be shown as text/);
  },
);
