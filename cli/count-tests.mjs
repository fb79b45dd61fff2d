/** What `npm test` reports at its end. */

/**
 * Counts from vitest's JSON report. A file that could not be loaded counts as a failed test, and
 * so does a run that ended badly without any failed test to show for it.
 * @param {any} report parsed report; null when there is none
 * @param {number | null} exitCode vitest's
 * @returns {{ passed: number, failed: number }}
 */
export function countTests(report, exitCode) {
  let passed = 0;
  let failed = 0;
  for (const file of report?.testResults ?? []) {
    const tests = file.assertionResults ?? [];
    const failedTests = tests.filter((test) => test.status === "failed").length;
    passed += tests.filter((test) => test.status === "passed").length;
    failed += failedTests;
    if (file.status === "failed" && failedTests === 0) failed++;
  }
  if (failed === 0 && (exitCode !== 0 || report === null)) failed = 1;
  return { passed, failed };
}
