/** Names of services as people and programs write them. */

export const serviceCharsMax = 200;
/** Names in one label. */
const namesMax = 32;

/** Names separated by commas; blanks around them, and what is no name, are left out. */
export function readServiceNames(text: string): string[] {
  const names = text.split(",", namesMax).map((name) => name.trim());
  return names.filter(isServiceName);
}

/**
 * 1 to 200 characters, none of them a control character or half of a surrogate pair, which would
 * be another text once it has been in the log.
 */
export function isServiceName(text: string): boolean {
  return text !== "" && text.length <= serviceCharsMax && !/[\p{Cc}\p{Cs}]/u.test(text);
}
