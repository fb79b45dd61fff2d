/**
 * Logging in to a mail server with the first method of PLAIN, LOGIN and CRAM-MD5 that it offers
 * and for which there is a secret: a password for the first two, a shared secret for the last.
 */
import { createHmac } from "node:crypto";
import type { EmailSettings } from "../../runtime/config/alertmanager/basic-integrations.ts";
import { RetryableError, TerminalError } from "../../runtime/errors.ts";
import type { AttemptSecrets } from "./secret-value.ts";

export type SmtpCredentials = {
  identity: string;
  user: string;
  password: string;
  secret: string;
  /** Over TLS, or to this very machine: a password may be sent as it is. */
  isPrivate: boolean;
};

type Reply = { status: number; text: string; response: string };
type Send = (command: string) => Promise<Reply>;

/** Null: no user name is configured, nobody logs in. @throws RetryableError for a lost file. */
export async function smtpCredentials(
  settings: EmailSettings,
  isEncrypted: boolean,
  secrets: AttemptSecrets,
): Promise<SmtpCredentials | null> {
  const { auth_username: user, auth_password: password, auth_secret: secret } = settings;
  if (user === "") return null;
  const host = settings.smarthost.host.toLowerCase();
  return {
    identity: settings.auth_identity,
    user,
    password: password === null ? "" : await secrets.read(password),
    secret: secret === null ? "" : await secrets.read(secret),
    isPrivate: isEncrypted || ["localhost", "127.0.0.1", "::1"].includes(host),
  };
}

/**
 * @param offered the server's methods; none: it wants no login, and none is made.
 * @throws TerminalError when it refuses for good (5xx), or nothing fits | RetryableError (4xx)
 */
export async function authenticate(
  credentials: SmtpCredentials,
  offered: readonly string[],
  secrets: AttemptSecrets,
  send: Send,
): Promise<void> {
  if (offered.length === 0) return;
  const { identity, user, password, secret, isPrivate } = credentials;
  const step = async (command: string): Promise<Reply> => {
    secrets.hide(command.split(" ").at(-1) ?? "");
    return send(command);
  };
  if (offered.includes("PLAIN") && password !== "") {
    if (!isPrivate) {
      throw new TerminalError("email: PLAIN sends a password over TLS only, expected require_tls");
    }
    return expectCode(await step(`AUTH PLAIN ${base64(`${identity}\0${user}\0${password}`)}`), 235);
  }
  if (offered.includes("LOGIN") && password !== "") {
    expectCode(await send("AUTH LOGIN"), 334);
    expectCode(await step(base64(user)), 334);
    return expectCode(await step(base64(password)), 235);
  }
  if (offered.includes("CRAM-MD5") && secret !== "") {
    const challenge = await send("AUTH CRAM-MD5");
    expectCode(challenge, 334);
    const asked = Buffer.from(challenge.text.trim(), "base64");
    const answer = createHmac("md5", secret).update(asked).digest("hex");
    return expectCode(await step(base64(`${user} ${answer}`)), 235);
  }
  throw new TerminalError(
    `email: the server offers ${offered.join(", ")}, expected PLAIN or LOGIN with a password, ` +
      "or CRAM-MD5 with a secret",
  );
}

function expectCode(reply: Reply, code: number): void {
  if (reply.status === code) return;
  const Kind = reply.status >= 500 ? TerminalError : RetryableError;
  throw new Kind(`email: login refused: ${reply.response}`);
}

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}
