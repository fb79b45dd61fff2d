/** What is wrong in a configuration file, and where; found all at once, not one at a time. */

export type Problem = {
  file: string;
  /** From 1. */
  line: number;
  column: number;
  /** The setting, e.g. "rules[2].policy"; "" when the file as a whole is meant. */
  path: string;
  message: string;
};

/** One line as compilers write it: file:line:column: setting: message. */
export function formatProblem(problem: Problem): string {
  const { file, line, column, path, message } = problem;
  return `${file}:${line}:${column}: ${path === "" ? "" : `${path}: `}${message}`;
}

export class ConfigError extends Error {
  /** In the order of the file. */
  problems: Problem[];

  constructor(problems: Problem[]) {
    const sorted = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
    super(sorted.map(formatProblem).join("\n"));
    this.name = "ConfigError";
    this.problems = sorted;
  }
}
