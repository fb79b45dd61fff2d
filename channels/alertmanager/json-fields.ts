/** Fields of a message that are left out when they are empty, as the services expect it. */
export function notEmpty<T extends string | unknown[]>(
  fields: Record<string, T>,
): Record<string, T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value.length > 0));
}
