/** What one check of `tocsin doctor` found. */

export const verdicts = ["OK", "WARN", "PROBLEM"] as const;
export type Verdict = (typeof verdicts)[number];

export type Finding = {
  check: string;
  verdict: Verdict;
  detail: string;
  /** What to do about it; "" when there is nothing to do. */
  advice: string;
};

export const ok = (check: string, detail: string): Finding => ({
  check,
  verdict: "OK",
  detail,
  advice: "",
});
export const warn = (check: string, detail: string, advice: string): Finding => ({
  check,
  verdict: "WARN",
  detail,
  advice,
});
export const problem = (check: string, detail: string, advice: string): Finding => ({
  check,
  verdict: "PROBLEM",
  detail,
  advice,
});
