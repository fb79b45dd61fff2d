/** What the renderer promises beyond what Go's templates do: errors, order, isolation. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTemplateRenderer } from "./renderer.ts";
import type { TemplateRenderer } from "./renderer.ts";
import { sampleTemplateData } from "./sample-data.ts";
import { TemplateError } from "./template-error.ts";

const data = sampleTemplateData(Date.UTC(2026, 0, 1, 12));
const files = [
  { name: "conf/greetings.tmpl", text: `body{{ define "hello" }}Hello {{ .Receiver }}{{ end }}` },
];
let renderer: TemplateRenderer;

beforeAll(async () => {
  renderer = await openTemplateRenderer(files);
}, 30_000);
afterAll(() => renderer.close());

async function failure(work: Promise<unknown>): Promise<TemplateError> {
  const error = await work.then(
    (value) => new Error(`got ${String(value)}`),
    (reason: unknown) => reason,
  );
  if (error instanceof TemplateError) return error;
  throw error;
}

describe("files", () => {
  test("templates of a file are called by their names, and a file by its last part", async () => {
    expect(await renderer.render(`{{ template "hello" . }}`, data)).toBe("Hello oncall");
    expect(await renderer.render(`{{ template "greetings.tmpl" . }}`, data)).toBe("body");
  });

  test("a later definition replaces a default one, also where others use it", async () => {
    const text = `{{ define "__subject" }}mine{{ end }}`;
    const own = await openTemplateRenderer([{ name: "a.tmpl", text }]);
    expect(await own.render(`{{ template "slack.default.title" . }}`, data)).toBe("mine");
    await own.close();
  });

  test("a file that does not parse is told with its full name and line", async () => {
    const text = `{{ define "x" }}\n{{ .Status | nope }}\n{{ end }}`;
    const error = await failure(openTemplateRenderer([{ name: "conf/a.tmpl", text }]));
    expect(error).toMatchObject({ kind: "parse", templateName: "conf/a.tmpl", line: 2 });
    expect(error.message).toBe(`conf/a.tmpl:2: function "nope" not defined`);
  });
});

describe("errors", () => {
  test("a text that does not parse, under the name its caller gives it", async () => {
    const error = await failure(renderer.render("a\nb {{ if }}", data, "slack.title"));
    expect(error).toMatchObject({ kind: "parse", templateName: "slack.title", line: 2 });
    expect(error.message).toBe("slack.title:2: missing value for if");
  });

  test("a template that fails on the data", async () => {
    const error = await failure(renderer.render("\n{{ .Nothing }}", data));
    expect(error).toMatchObject({ kind: "render", templateName: "text", line: 2 });
    expect(error.message).toContain("can't evaluate field Nothing");
  });

  test("data that are not of the form name the field", async () => {
    const wrong = { ...data, groupLabels: ["a"] } as unknown as typeof data;
    const error = await failure(renderer.render("{{ .Status }}", wrong));
    expect(error.kind).toBe("data");
    expect(error.message).toContain("groupLabels: got array, expected an object of strings");
  });

  test("a message that quotes a long value is cut", async () => {
    const error = await failure(renderer.render(`{{ range (printf "%9999d" 1) }}{{ end }}`, data));
    expect(error.message.length).toBeLessThan(1_100);
  });
});

describe("one after the other", () => {
  test("renders at the same time get their own data, and a failure is only one's own", async () => {
    const all = Array.from({ length: 60 }, (_, n) => {
      const own = { ...data, receiver: `r${n}` };
      const text = n % 10 === 9 ? "{{ .Nothing }}" : `{{ template "hello" . }}`;
      return (n % 2 === 0 ? renderer.render(text, own) : renderer.renderHtml(text, own)).catch(
        (error: TemplateError) => error.kind,
      );
    });
    const expected = all.map((_, n) => (n % 10 === 9 ? "render" : `Hello r${n}`));
    expect(await Promise.all(all)).toEqual(expected);
  });

  test("what a text defines is gone with it", async () => {
    const text = `{{ define "hello" }}other{{ end }}{{ template "hello" . }}`;
    expect(await renderer.render(text, data)).toBe("other");
    expect(await renderer.render(`{{ template "hello" . }}`, data)).toBe("Hello oncall");
    expect(await renderer.renderHtml(text, data)).toBe("other");
    expect(await renderer.renderHtml(`{{ template "hello" . }}`, data)).toBe("Hello oncall");
  });

  test("close ends what runs and what waits, and is final", async () => {
    const closing = await openTemplateRenderer([], { timeoutMs: 20_000 });
    const running = closing.render("{{ range 1000000000000 }}{{ end }}", data);
    const waiting = closing.render("{{ 1 }}", data);
    const ended = Promise.all([failure(running), failure(waiting)]);
    await closing.close();
    expect((await ended).map(({ kind }) => kind)).toEqual(["closed", "closed"]);
    expect((await failure(closing.render("{{ 1 }}", data))).kind).toBe("closed");
    await closing.close();
  });
});

describe("without the engine", () => {
  test("a text without actions is itself, even when the renderer is closed", async () => {
    const idle = await openTemplateRenderer([]);
    await idle.close();
    expect(await idle.render("<!-- a } } b -->", data)).toBe("<!-- a } } b -->");
    expect(await idle.renderHtml("a & b", data)).toBe("a & b");
    // Comments are not for readers of mails: the engine takes them out.
    expect(await renderer.renderHtml("a<!-- b -->c", data)).toBe("ac");
    expect(await renderer.render("", data)).toBe("");
  });
});
