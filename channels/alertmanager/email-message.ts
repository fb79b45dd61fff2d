/**
 * A group notification as a mail: headers and bodies rendered, and the bytes that go over the
 * wire. The same notification gives the same bytes at every attempt, Message-Id, Date and the
 * boundaries between its parts included, so that a mail that came through twice can be told.
 */
import { createHash } from "node:crypto";
import addressparser from "nodemailer/lib/addressparser";
import MailComposer from "nodemailer/lib/mail-composer";
import type { EmailSettings } from "../../runtime/config/alertmanager/basic-integrations.ts";
import { TerminalError } from "../../runtime/errors.ts";
import type { Attempt } from "./attempt.ts";
import { groupAlias } from "./pagerduty.ts";
import { templateFailure } from "./templates.ts";

export type Mail = {
  /** Bare addresses. */
  from: string;
  to: string[];
  bytes: Buffer;
};

const subjectDefault = '{{ template "email.default.subject" . }}';
/** Headers that describe the body, which is made here. */
const bodyHeaders = new Set(["content-type", "content-transfer-encoding", "mime-version"]);

/** @throws TerminalError for addresses that are none; what templates throw. */
export async function composeMail(settings: EmailSettings, attempt: Attempt): Promise<Mail> {
  const { notification, render, context, data } = attempt;
  const from = await render("from", settings.from);
  const to = await render("to", settings.to);
  const senders = addresses("from", from);
  if (senders.length !== 1) {
    throw new TerminalError(`email from: got ${senders.length} addresses, expected one`);
  }
  const recipients = addresses("to", to);
  const headers = await renderHeaders(settings, { From: from, To: to }, attempt);
  const text = settings.text === "" ? "" : await render("text", settings.text);
  const html =
    settings.html === ""
      ? ""
      : await context.renderer.renderHtml(settings.html, data).catch((error: unknown) => {
          throw templateFailure("html", error);
        });
  const composer = new MailComposer({
    headers: [...headers.entries()].map(([key, value]) => ({ key, value })),
    ...(text !== "" && { text }),
    ...(html !== "" && { html }),
    date: new Date(notification.atMs),
    textEncoding: "quoted-printable",
    baseBoundary: digest(notification.id),
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const bytes = await composer.compile().build();
  return { from: senders[0]!, to: recipients, bytes };
}

/** By name as it is written in the mail; the settings' own come first. */
async function renderHeaders(
  settings: EmailSettings,
  fallback: { From: string; To: string },
  { notification, render }: Attempt,
): Promise<Map<string, string>> {
  const headers = new Map<string, string>();
  const taken = new Set<string>();
  const set = (name: string, value: string): void => {
    if (taken.has(name.toLowerCase())) return;
    taken.add(name.toLowerCase());
    headers.set(name, oneLine(value));
  };
  for (const [name, text] of Object.entries(settings.headers)) {
    if (bodyHeaders.has(name.toLowerCase())) {
      throw new TerminalError(`email headers: ${name} is set by the body, expected another name`);
    }
    set(name, await render(`headers.${name}`, text));
  }
  set("From", fallback.From);
  set("To", fallback.To);
  if (!taken.has("subject")) set("Subject", await render("headers.Subject", subjectDefault));
  set("Message-ID", `<${digest(notification.id)}@${domainOf(fallback.From)}>`);
  const { threading } = settings;
  if (threading.enabled) {
    // Nobody ever wrote this mail: it only holds the thread of the group together.
    const day = new Date(notification.atMs).toISOString().slice(0, 10);
    const by = threading.thread_by_date === "none" ? "" : day;
    const root = `<alert-${groupAlias(notification.groupKey).slice(0, 16)}-${by}@alertmanager>`;
    set("References", root);
    set("In-Reply-To", root);
  }
  return headers;
}

function addresses(setting: string, text: string): string[] {
  const found = addressparser(text, { flatten: true }).map(({ address }) => address ?? "");
  const isList = found.length > 0 && found.every((one) => /^[^\s<>@]+@[^\s<>@]+$/.test(one));
  if (isList) return found;
  throw new TerminalError(`email ${setting}: got ${JSON.stringify(text)}, expected addresses`);
}

function domainOf(from: string): string {
  return addresses("from", from)[0]!.split("@")[1]!;
}

/** A label must not be able to begin another header. */
function oneLine(value: string): string {
  return value.replace(/[\r\n]+\s*/g, " ").trim();
}

function digest(id: string): string {
  return createHash("sha256").update(id).digest("hex").slice(0, 32);
}
