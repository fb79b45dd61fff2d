/** Where a program is, as a shell would find it. */
import { accessSync, constants } from "node:fs";
import { delimiter, resolve } from "node:path";

/** @param path as the variable PATH holds it. @returns null where it is in no folder of it. */
export function searchPath(path: string, program: string): string | null {
  for (const dir of path.split(delimiter)) {
    if (dir === "") continue;
    const candidate = resolve(dir, program);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      continue;
    }
  }
  return null;
}
