/** Mail through a real server on loopback: the message, TLS, logins, refusals. */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { RetryableError, TerminalError } from "../../runtime/errors.ts";
import { groupChannel, sampleGroup } from "../../testing/group-delivery.ts";
import { selfSigned, type SelfSigned } from "../../testing/self-signed.ts";
import { startSmtpServer } from "../../testing/smtp-server.ts";
import type { SmtpServer, SmtpServerOptions } from "../../testing/smtp-server.ts";

const directory = mkdtempSync(join(tmpdir(), "tocsin-mail-"));
let pair: SelfSigned;
beforeAll(() => void (pair = selfSigned(directory, "mail.test")));
afterAll(() => rmSync(directory, { recursive: true }));

const servers: SmtpServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function smtp(options: SmtpServerOptions = {}): Promise<SmtpServer> {
  const server = await startSmtpServer(options);
  servers.push(server);
  return server;
}

const group = sampleGroup({ integration: { kind: "email", index: 0 } });
const email = (server: SmtpServer, more = ""): ReturnType<typeof groupChannel> =>
  groupChannel(
    `receivers: [{ name: team.x, email_configs: [{ to: "ops@example.com",
       from: "Tocsin <tocsin@example.org>", smarthost: "127.0.0.1:${server.port}",
       require_tls: false${more} }] }]`,
  );
const digest = createHash("sha256").update(group.id).digest("hex").slice(0, 32);

test("a mail has its headers, an HTML part, and the same bytes at every attempt", async () => {
  const server = await smtp();
  const send = email(server, ", hello: tocsin.example.org");
  await expect(send(group)).resolves.toEqual({
    detail: "1 of 1 recipients: 250 2.0.0 queued as 7",
  });
  await send(group);
  const [mail, again] = server.mails;
  expect(mail).toMatchObject({ from: "tocsin@example.org", to: ["ops@example.com"] });
  expect(server.commands[0]).toBe("EHLO tocsin.example.org");
  expect(mail!.data).toBe(
    [
      "From: Tocsin <tocsin@example.org>",
      "To: ops@example.com",
      "Subject: email.default.subject:firing",
      `Message-ID: <${digest}@example.org>`,
      "Date: Fri, 02 Jan 2026 23:30:00 +0000",
      "Content-Transfer-Encoding: 7bit",
      "MIME-Version: 1.0",
      "Content-Type: text/html; charset=utf-8",
      "",
      "<p>email.default.html</p>:firing",
      "",
    ].join("\r\n"),
  );
  expect(again!.data).toBe(mail!.data);
});

test("text and HTML are alternatives, the better one last; headers are templates", async () => {
  const server = await smtp();
  await email(
    server,
    `, text: "T {{ .Status }}", html: "<b>{{ .Status }}</b>",
       headers: { subject: "[{{ .Status }}] größer", X-Team: "{{ .GroupLabels.alertname }}" }`,
  )(group);
  const { data } = server.mails[0]!;
  expect(data).toContain("Subject: =?UTF-8?Q?=5Bfiring=5D_gr=C3=B6=C3=9Fer?=\r\n");
  expect(data.match(/^Subject:/gim)!.length).toBe(1);
  expect(data).toContain("X-Team: Down\r\n");
  const boundary = /^Content-Type: multipart\/alternative;\s+boundary="(.*)"/m.exec(data)![1]!;
  const parts = data.split(`--${boundary}`).slice(1);
  expect(parts.length).toBe(3);
  expect(parts[0]).toMatch(/Content-Type: text\/plain; charset=utf-8[^]*\r\n\r\nT firing\r\n/);
  expect(parts[1]).toMatch(/Content-Type: text\/html; charset=utf-8[^]*<b>firing<\/b>\r\n/);
});

test("a label cannot write headers of its own", async () => {
  const server = await smtp();
  const groupLabels = { alertname: "x\r\nBcc: victim@example.com\r\n\r\nbody" };
  const send = email(server, ', headers: { Subject: "{{ .GroupLabels.alertname }}" }');
  await send({ ...group, groupLabels });
  const { data, to } = server.mails[0]!;
  expect(data).toContain("Subject: x Bcc: victim@example.com body\r\n");
  expect(data).not.toMatch(/^Bcc:/m);
  expect(to).toEqual(["ops@example.com"]);
});

test("threading gathers a group's mails under a root that depends on group and day", async () => {
  const server = await smtp();
  await email(server, ", threading: { enabled: true, thread_by_date: daily }")(group);
  await email(server, ", threading: { enabled: true, thread_by_date: none }")(group);
  const key = createHash("sha256").update(group.groupKey).digest("hex").slice(0, 16);
  for (const [i, by] of ["2026-01-02", ""].entries()) {
    expect(server.mails[i]!.data).toContain(`References: <alert-${key}-${by}@alertmanager>\r\n`);
    expect(server.mails[i]!.data).toContain(`In-Reply-To: <alert-${key}-${by}@alertmanager>\r\n`);
  }
});

test("STARTTLS comes before login and mail, and is required unless switched off", async () => {
  const server = await smtp({ tls: pair, auth: "PLAIN", user: "me", password: "passw0rd" });
  const tls = `, tls_config: { ca_file: "${pair.certFile}", server_name: mail.test }`;
  const login = ", auth_username: me, auth_password: passw0rd";
  const yes = (more: string): ReturnType<typeof groupChannel> =>
    groupChannel(
      `receivers: [{ name: team.x, email_configs: [{ to: "a@x.org, B <b@x.org>", from: t@x.org,
         smarthost: "127.0.0.1:${server.port}"${more} }] }]`,
    );
  await yes(tls + login)(group);
  expect(server.mails).toMatchObject([{ overTls: true, to: ["a@x.org", "b@x.org"] }]);
  const verbs = server.commands.map((line) => line.split(" ")[0]);
  expect(verbs.slice(0, 6)).toEqual(["EHLO", "STARTTLS", "TLS", "EHLO", "AUTH", "MAIL"]);
  await expect(yes(login)(group)).rejects.toBeInstanceOf(RetryableError);
  const bare = await smtp({ auth: "PLAIN", user: "me", password: "passw0rd" });
  await email(bare, login)(group);
  const strict = groupChannel(
    `receivers: [{ name: team.x, email_configs: [{ to: a@x.org, from: t@x.org,
       smarthost: "127.0.0.1:${bare.port}"${login} }] }]`,
  );
  bare.refuse("STARTTLS", "502 not here");
  bare.commands.splice(0);
  await expect(strict(group)).rejects.toBeInstanceOf(RetryableError);
  expect(bare.commands.some((line) => /^(AUTH|MAIL)/.test(line))).toBe(false);
});

test("implicit TLS speaks TLS from the first byte", async () => {
  const server = await smtp({ tls: pair, implicit: true });
  const tls = "force_implicit_tls: true, tls_config: { insecure_skip_verify: true }";
  await email(server, `, ${tls}`)(group);
  expect(server.mails).toMatchObject([{ overTls: true }]);
  expect(server.commands).not.toContain("STARTTLS");
});

test.each([
  ["PLAIN", "auth_password: passw0rd"],
  ["LOGIN", "auth_password: passw0rd"],
  ["CRAM-MD5", "auth_secret: passw0rd"],
  ["LOGIN CRAM-MD5", "auth_secret: passw0rd"],
])("login by %s with %s", async (auth, secret) => {
  const server = await smtp({ auth, user: "me", password: "passw0rd" });
  await email(server, `, auth_username: me, ${secret}`)(group);
  expect(server.mails.length).toBe(1);
  expect(server.commands.filter((line) => line.startsWith("AUTH")).length).toBe(1);
});

test("a wrong password is terminal, and a secret also when the server repeats it", async () => {
  const server = await smtp({ auth: "PLAIN", user: "me", password: "other" });
  const error: unknown = await email(server, ", auth_username: me, auth_password: passw0rd")(
    group,
  ).catch((caught: unknown) => caught);
  expect(error).toEqual(new TerminalError("email: login refused: 535 5.7.8 no: AUTH PLAIN ***"));
  expect(server.mails).toEqual([]);
});

test("a method that the settings cannot serve is named, with what would serve it", async () => {
  const server = await smtp({ auth: "CRAM-MD5" });
  const send = email(server, ", auth_username: me, auth_password: passw0rd");
  await expect(send(group)).rejects.toMatchObject({
    name: "TerminalError",
    message: expect.stringContaining("the server offers CRAM-MD5"),
  });
});

test.each([
  ["MAIL", "451 4.3.0 later", "RetryableError"],
  ["MAIL", "550 5.1.0 never", "TerminalError"],
  ["RCPT", "450 4.2.0 later", "RetryableError"],
  ["RCPT", "550 5.1.1 nobody", "TerminalError"],
  [".", "452 4.3.1 full", "RetryableError"],
  [".", "554 5.7.1 spam", "TerminalError"],
  ["EHLO", "421 4.3.2 closing", "RetryableError"],
])("%s answered with %s is a %s", async (verb, answer, name) => {
  const server = await smtp();
  server.refuse(verb, answer);
  if (verb === "EHLO") server.refuse("HELO", answer);
  await expect(email(server)(group)).rejects.toMatchObject({
    name,
    message: expect.stringContaining(answer),
  });
  expect(server.mails).toEqual([]);
});

test("a mail that some of its recipients got is sent, and says who did not", async () => {
  const server = await smtp();
  server.refuse("RCPT TO:<b@x.org>", "550 5.1.1 nobody");
  const send = groupChannel(
    `receivers: [{ name: team.x, email_configs: [{ to: "a@x.org, b@x.org", from: t@x.org,
       smarthost: "127.0.0.1:${server.port}", require_tls: false }] }]`,
  );
  await expect(send(group)).resolves.toEqual({
    detail: "1 of 2 recipients: 250 2.0.0 queued as 7; refused: b@x.org: 550 5.1.1 nobody",
  });
});

test("addresses that are none are terminal, a server that is away is not", async () => {
  const server = await smtp();
  const nobody = groupChannel(
    `receivers: [{ name: team.x, email_configs: [{ to: "{{ .Missing }}", from: t@x.org,
       smarthost: "127.0.0.1:${server.port}" }] }]`,
  );
  await expect(nobody(group)).rejects.toEqual(
    new TerminalError('email to: got "", expected addresses'),
  );
  await server.stop();
  await expect(email(server)(group)).rejects.toMatchObject({
    name: "RetryableError",
    message: expect.stringContaining("mail server 127.0.0.1 out of reach"),
  });
});
