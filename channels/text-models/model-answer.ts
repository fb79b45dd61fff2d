/** What answers of OpenAI's style have in common. */

/** `usage.total_tokens`; null where the server does not say it. */
export function tokensUsed(answer: unknown): number | null {
  const usage = isRecord(answer) ? answer["usage"] : undefined;
  const total = isRecord(usage) ? usage["total_tokens"] : undefined;
  const isCount = typeof total === "number" && Number.isFinite(total) && total >= 0;
  return isCount ? Math.ceil(total) : null;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
