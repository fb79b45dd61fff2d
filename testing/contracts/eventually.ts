/** Polling with a deadline, in place of sleeping and hoping. */

const pollMs = 10;

/**
 * Repeats the check until it throws no more.
 * @throws the check's last error once `deadlineMs` has passed.
 */
export async function eventually(
  check: () => unknown,
  deadlineMs = 10_000,
): Promise<void> {
  const endMs = Date.now() + deadlineMs;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (Date.now() >= endMs) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
