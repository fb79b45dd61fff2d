/** What a template cannot do to the program: each limit, with the words it is told in. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { openTemplateRenderer } from "./renderer.ts";
import type { TemplateRenderer } from "./renderer.ts";
import { sampleTemplateData } from "./sample-data.ts";
import { TemplateError } from "./template-error.ts";

const data = sampleTemplateData(Date.UTC(2026, 0, 1, 12));
const hostile = [
  `{{ define "endless" }}{{ template "endless" . }}{{ end }}`,
  `{{ define "tree" }}{{ if . }}{{ $rest := slice . 1 }}`,
  `{{- template "tree" $rest }}{{ template "tree" $rest }}{{ end }}{{ end }}`,
].join("\n");
const files = [
  { name: "conf/greetings.tmpl", text: `{{ define "hello" }}Hello {{ .Receiver }}{{ end }}` },
  { name: "conf/hostile.tmpl", text: hostile },
];
let renderer: TemplateRenderer;

beforeAll(async () => {
  // Far more time than these need: on a busy machine too, it is the other limit that ends them.
  renderer = await openTemplateRenderer(files, { timeoutMs: 20_000 });
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

test("time: what never ends is ended, and the next render works", async () => {
  const quick = await openTemplateRenderer(files, { timeoutMs: 200 });
  for (const text of [
    "{{ range 1000000000000 }}{{ end }}",
    // As many calls as 2 to the power of 80, none of them deep.
    `{{ template "tree" (printf "%80d" 1) }}`,
  ]) {
    const error = await failure(quick.render(text, data, "title"));
    expect(error.kind).toBe("time");
    expect(error.message).toBe("title: it took longer than 200 ms (timeoutMs) and was ended");
  }
  await quick.close();
  const next = renderer.render(`{{ template "hello" . }}`, data);
  expect(await next).toBe("Hello oncall");
});

test("depth: a template that calls itself without end", async () => {
  const error = await failure(renderer.render(`{{ template "endless" . }}`, data));
  expect(error).toMatchObject({ kind: "render", templateName: "hostile.tmpl", line: 1 });
  expect(error.message).toContain("exceeded maximum template depth");
  const nested = await failure(renderer.render(`{{ ${"(".repeat(100_000)}1`, data));
  expect(nested.kind).toBe("parse");
  expect(await renderer.render(`{{ template "hello" . }}`, data)).toBe("Hello oncall");
});

test("output: one byte too many", async () => {
  const small = await openTemplateRenderer([], { outputBytesMax: 10 });
  expect(await small.render(`{{ "äääää" }}`, data)).toBe("äääää");
  const error = await failure(small.render(`{{ "äääää" }}.`, data, "title"));
  expect(error.kind).toBe("output");
  expect(error.message).toBe("title: the output is longer than 10 bytes (outputBytesMax)");
  expect((await failure(small.renderHtml(`{{ "&&&" }}`, data))).kind).toBe("output");
  await small.close();
  const giant = renderer.render("{{ range 100000000 }}aaaaaaaaaaaaaaaa{{ end }}", data);
  expect((await failure(giant)).message).toContain("1048576 bytes (outputBytesMax)");
});

test("memory: a text that doubles", async () => {
  const doubling = `{{ $s := "12345678" }}{{ range 40 }}{{ $s = print $s $s }}{{ end }}{{ $s }}`;
  const error = await failure(renderer.render(doubling, data, "title"));
  expect(error.kind).toBe("memory");
  expect(error.message).toBe("title: it needed more than 256 MiB of memory and was ended");
  expect(await renderer.render(`{{ template "hello" . }}`, data)).toBe("Hello oncall");
});

test("queue: more renders than may wait", async () => {
  const busy = await openTemplateRenderer([], { queueMax: 2 });
  // The first is under way at once, two wait, the fourth is one too many.
  const renders = [1, 2, 3, 4].map((n) => busy.render(`{{ ${n} }}`, data, `text ${n}`));
  expect(await failure(renders[3]!)).toMatchObject({ kind: "queue", templateName: "text 4" });
  expect(await Promise.all(renders.slice(0, 3))).toEqual(["1", "2", "3"]);
  await busy.close();
});
