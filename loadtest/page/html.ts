/** Text into HTML, safely: everything that is not markup of ours goes through `escaped`. */

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Good between tags and inside quoted attributes. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => entities[char] ?? char);
}

/** For a script element of type application/json: no text can end it. */
export function scriptData(value: unknown): string {
  return JSON.stringify(value).replace(/</g, "\\u003c");
}
