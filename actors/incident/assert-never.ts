/**
 * Ends a switch over a union: the compiler proves that no case is missing, and data from an
 * other version of the program fails loudly instead of being ignored.
 */
export function assertNever(value: never): never {
  throw new Error(`unexpected case: ${JSON.stringify(value)}`);
}
