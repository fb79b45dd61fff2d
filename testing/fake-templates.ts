/**
 * A few words of Go's template language, enough to see which template an integration renders
 * with which data. `{{ fail }}` is a template that is wrong.
 */
import type { TemplateRenderer } from "../channels/alertmanager/templates.ts";

class TemplateError extends Error {
  override name = "TemplateError";
}

/** `{{ template "x" . }}` becomes `x:<status>`, in HTML `<x>:<status>`. */
export const fakeTemplates: TemplateRenderer = {
  render: async (text, data) => expand(text, data, (name) => name),
  renderHtml: async (text, data) => expand(text, data, (name) => `<p>${name}</p>`),
};

function expand(text: string, data: unknown, called: (name: string) => string): string {
  return text.replace(/\{\{\s*(.*?)\s*\}\}/g, (_whole, expression: string) => {
    if (expression === "fail") throw new TemplateError('template: 1: function "fail" not defined');
    if (expression === "crash") throw new Error("the worker is gone");
    const template = /^template "(.*)" \.$/.exec(expression);
    if (template !== null) return `${called(template[1]!)}:${lookUp(data, "Status")}`;
    const [path = "", filter] = expression.split("|").map((part) => part.trim());
    const found = lookUp(data, path.slice(1));
    if (filter === "toJson") return JSON.stringify(found);
    if (filter === "len") return String((found as unknown[]).length);
    return found === undefined ? "" : String(found);
  });
}

function lookUp(data: unknown, path: string): unknown {
  return path.split(".").reduce((found: unknown, name) => {
    if (Array.isArray(found)) {
      return found.filter((alert: { status: string }) => alert.status === name.toLowerCase());
    }
    const key = name.charAt(0).toLowerCase() + name.slice(1);
    return (found as Record<string, unknown> | undefined)?.[key];
  }, data);
}
