/** `tocsin template render`: what a notification template makes of data, before it is in use. */
import { readFile } from "node:fs/promises";
import { openTemplateRenderer } from "../../channels/templates/renderer.ts";
import type { TemplateFile } from "../../channels/templates/renderer.ts";
import { sampleTemplateData } from "../../channels/templates/sample-data.ts";
import type { TemplateData } from "../../channels/templates/template-data.ts";
import { TemplateError } from "../../channels/templates/template-error.ts";
import { EXIT } from "../command.ts";
import type { Io } from "../command.ts";
import { CommandFailure, defineCommand, usageError } from "../define-command.ts";
import type { Flags } from "../define-command.ts";

const help = `tocsin template render [--template FILE…] --text TEXT [options]

Renders TEXT as a notification's field would be, with the templates of the files and the default
ones, and prints the result exactly. A file that does not load, or a text that fails, is told with
its file and line.

  --template FILE  a file of templates; may be repeated, or followed by more files
  --text TEXT      what to render; usually it names a template of the files
  --html           as HTML, where the data are escaped (the body of a mail)
  --data FILE      the data as JSON, in the form of the webhook's payload; without it, a group of
                   three alerts of one service
  --json           {"output": TEXT} or {"error": {"kind", "name", "line", "message"}}
  --url URL        has no effect: no running Tocsin is needed

Examples
  tocsin template render --template slack.tmpl --text '{{ template "slack.text" . }}'
  tocsin template render --template templates/*.tmpl --text '{{ template "mail" . }}' --html
  tocsin template render --text '{{ template "slack.default.title" . }}' --data group.json
`;

async function run(flags: Flags, io: Io): Promise<number> {
  const [action, ...moreFiles] = flags.positionals;
  if (action !== "render") {
    throw usageError(action === undefined ? "say render" : `got "${action}", expected render`);
  }
  if (moreFiles.length > 0 && !flags.has("template")) {
    throw usageError(`"${moreFiles[0]}" stands alone; files of templates follow --template`);
  }
  const text = flags.text("text");
  if (text === null) throw usageError("give the text to render with --text");
  const names = [...flags.texts("template"), ...moreFiles];
  const files = await Promise.all(names.map(readTemplate));
  const data = await readData(flags.text("data"));
  try {
    const output = await render(files, text, data, flags.has("html"));
    io.out(flags.has("json") ? `${JSON.stringify({ output })}\n` : output);
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    if (!flags.has("json")) throw new CommandFailure(error.message);
    const { kind, templateName: name, line, message } = error;
    io.out(`${JSON.stringify({ error: { kind, name, line, message } })}\n`);
    return EXIT.failed;
  }
}

async function render(
  files: TemplateFile[],
  text: string,
  data: TemplateData,
  isHtml: boolean,
): Promise<string> {
  const renderer = await openTemplateRenderer(files);
  try {
    return await (isHtml
      ? renderer.renderHtml(text, data, "--text")
      : renderer.render(text, data, "--text"));
  } finally {
    await renderer.close();
  }
}

const readTemplate = async (name: string): Promise<TemplateFile> => ({
  name,
  text: await readText("--template", name),
});

/** What is in the fields is checked by the renderer, which names the one that is wrong. */
async function readData(file: string | null): Promise<TemplateData> {
  if (file === null) return sampleTemplateData(Date.now());
  const text = await readText("--data", file);
  try {
    return JSON.parse(text) as TemplateData;
  } catch (error) {
    throw new CommandFailure(`--data ${file}: not JSON: ${(error as Error).message}`);
  }
}

async function readText(option: string, file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new CommandFailure(`${option} ${file}: ${(error as Error).message}`);
  }
}

export const command = defineCommand({
  name: "template",
  summary: "render a notification template on sample data, or on yours",
  help,
  options: { template: "texts", text: "text", html: "switch", data: "text" },
  run,
});
