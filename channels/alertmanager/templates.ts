/**
 * Rendering of users' templates, as the integrations need it. The renderer itself is a port:
 * Go's template language is spoken elsewhere.
 */
import { parse } from "yaml";
import { nestsTooDeep } from "../../runtime/config/reading.ts";
import { RetryableError, TerminalError } from "../../runtime/errors.ts";
import type { TemplateData } from "../templates/template-data.ts";

/** Longer texts are not tried as YAML, which is slow to read; as JSON they are. */
const yamlCharsMax = 16_384;
/** Levels of lists and objects; a text of more stays a text. */
const nestingMax = 500;

export interface TemplateRenderer {
  /**
   * @param text a Go text/template; what it calls by name is known to the renderer.
   * @throws an Error named "TemplateError"; its `kind` says whether the template is at fault.
   */
  render(text: string, data: TemplateData): Promise<string>;
  /** The same as an html/template: values are escaped for the place where they stand. */
  renderHtml(text: string, data: TemplateData): Promise<string>;
}

/** A template and the name of the setting that it stands in. */
export type RenderText = (setting: string, text: string) => Promise<string>;

/** Plain texts pass as they are. @throws TerminalError | RetryableError naming the setting. */
export function textRenderer(renderer: TemplateRenderer, data: TemplateData): RenderText {
  return async (setting, text) => {
    if (!text.includes("{{")) return text;
    try {
      return await renderer.render(text, data);
    } catch (error) {
      throw templateFailure(setting, error);
    }
  };
}

/** Not the template's fault: a reload closed the renderer, many waited, or the machine was busy. */
const passingKinds: readonly unknown[] = ["closed", "queue", "time"];

/** A template that is wrong stays wrong; a renderer in trouble may recover. */
export function templateFailure(setting: string, error: unknown): Error {
  if (error instanceof RetryableError || error instanceof TerminalError) return error;
  const what = error instanceof Error ? error.message : String(error);
  const message = `the template of ${setting} cannot be rendered: ${what}`;
  const isTemplate = error instanceof Error && error.name === "TemplateError";
  const isPassing = isTemplate && "kind" in error && passingKinds.includes(error.kind);
  const Kind = isTemplate && !isPassing ? TerminalError : RetryableError;
  return new Kind(message, { cause: error });
}

/**
 * Renders every text within a tree of plain values, keys included. A text that comes out as YAML
 * of something else than a text (a number, a list, an object) becomes that, as in Alertmanager:
 * `'{{ .Alerts | toJson }}'` is a list in the message. What comes out is not rendered again.
 */
export async function renderTree(
  setting: string,
  value: unknown,
  render: RenderText,
): Promise<unknown> {
  if (typeof value === "string") return structured(await render(setting, value));
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    for (const item of value) items.push(await renderTree(setting, item, render));
    return items;
  }
  if (typeof value !== "object" || value === null) return value;
  const pairs: [string, unknown][] = [];
  for (const [key, entry] of Object.entries(value)) {
    const name = await render(setting, key);
    pairs.push([name, await renderTree(`${setting}.${key}`, entry, render)]);
  }
  return Object.fromEntries(pairs);
}

function structured(text: string): unknown {
  const value = fromJson(text) ?? fromYaml(text);
  const isLossy = typeof value === "number" && Math.abs(value) > Number.MAX_SAFE_INTEGER;
  return typeof value === "string" || isLossy ? text : value;
}

/** Lists and objects only; undefined for anything else. */
function fromJson(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isShallow(value) ? value : undefined;
  } catch {
    // It may still be YAML.
    return undefined;
  }
}

function isShallow(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; depth <= nestingMax; depth++) {
    level = level.flatMap((each) =>
      typeof each === "object" && each !== null ? Object.values(each) : [],
    );
    if (level.length === 0) return true;
  }
  return false;
}

/** The text itself where it is no clean YAML, or nothing but a comment (a channel: "#ops"). */
function fromYaml(text: string): unknown {
  // Alerts bring texts of any kind into templates, and the parser would end the process.
  if (text.length > yamlCharsMax || nestsTooDeep(text)) return text;
  const options = { maxAliasCount: 0, logLevel: "error", prettyErrors: false } as const;
  try {
    const value: unknown = parse(text, options);
    return value === null && text.trim().startsWith("#") ? text : (value ?? null);
  } catch {
    return text;
  }
}
