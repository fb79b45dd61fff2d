import { expect, test } from "vitest";
import { RetryableError, TerminalError } from "../../runtime/errors.ts";
import { openTemplateRenderer } from "../templates/renderer.ts";
import { sampleTemplateData } from "../templates/sample-data.ts";
import { textRenderer } from "./templates.ts";

const data = sampleTemplateData(0);

test("a wrong template stays wrong; a renderer that a reload closed is asked again", async () => {
  const renderer = await openTemplateRenderer([]);
  const render = textRenderer(renderer, data);
  expect(await render("title", "{{ .Status }}")).toBe("firing");
  await expect(render("title", "{{ .Status ")).rejects.toThrow(TerminalError);
  const under = render("title", "{{ .Receiver }}");
  await renderer.close();
  await expect(render("title", "{{ .Status }}")).rejects.toThrow(RetryableError);
  await under.catch((error: unknown) => expect(error).toBeInstanceOf(RetryableError));
});
