/**
 * The templates that receivers use unless told otherwise. Their names, and what they render, are
 * those of Alertmanager, so that users' files may call them or define them anew.
 */
import { readFile } from "node:fs/promises";

/** Root: only what the file defines counts, not its name. */
type DefaultTemplateFile = { name: string; text: string; root: true };

let files: Promise<DefaultTemplateFile[]> | null = null;

export function defaultTemplates(): Promise<DefaultTemplateFile[]> {
  files ??= Promise.all(["default.tmpl", "email.tmpl"].map(read));
  return files;
}

async function read(name: string): Promise<DefaultTemplateFile> {
  return { name, text: await readFile(new URL(name, import.meta.url), "utf8"), root: true };
}
