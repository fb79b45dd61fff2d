/**
 * Why a template gave no text.
 *
 * parse: a template is not well formed; render: it failed on this data; data: the data are not of
 * the documented form; time, memory, output, queue: that limit; closed: the renderer was closed.
 */
export type TemplateErrorKind =
  "parse" | "render" | "data" | "time" | "memory" | "output" | "queue" | "closed";

/** The message begins with "NAME:LINE: ", as far as these are known. */
export class TemplateError extends Error {
  kind: TemplateErrorKind;
  /** A file, a defined template, or what the caller calls the text. */
  templateName: string;
  /** From 1; null where there is none, as of a limit. */
  line: number | null;

  constructor(kind: TemplateErrorKind, templateName: string, line: number | null, why: string) {
    super(`${templateName}:${line === null ? "" : `${line}:`} ${why}`);
    this.name = "TemplateError";
    this.kind = kind;
    this.templateName = templateName;
    this.line = line;
  }
}
