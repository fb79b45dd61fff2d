/**
 * One mail over one connection to a mail server, with TLS and login as configured.
 *
 * S1 The connection goes only to addresses that address-guard.ts allows, checked when resolved.
 * S2 With `require_tls`, nothing of a mail or a login is sent before TLS is there.
 */
import { connect, isIP } from "node:net";
import type { Socket } from "node:net";
import SMTPConnection from "nodemailer/lib/smtp-connection";
import type { EmailSettings } from "../../runtime/config/alertmanager/basic-integrations.ts";
import { RetryableError, TerminalError } from "../../runtime/errors.ts";
import { addressAllowed, guardedLookup, refusal } from "../address-guard.ts";
import type { Attempt } from "./attempt.ts";
import type { Mail } from "./email-message.ts";
import { failureText, tlsOptions } from "./http-request.ts";
import { authenticate, smtpCredentials } from "./smtp-auth.ts";

const namedPorts: Record<string, number> = {
  smtp: 25,
  smtps: 465,
  submissions: 465,
  submission: 587,
};
const portMax = 65_535;

export type SmtpOutcome = {
  accepted: number;
  /** "address: reason" of recipients that the server would not have. */
  refused: string[];
  /** The server's last word. */
  response: string;
};

/** @throws RetryableError | TerminalError */
export async function sendMail(
  mail: Mail,
  settings: EmailSettings,
  attempt: Attempt,
): Promise<SmtpOutcome> {
  const { host, port } = settings.smarthost;
  const portNumber = namedPorts[port.toLowerCase()] ?? Number(port);
  if (!Number.isInteger(portNumber) || portNumber < 1 || portNumber > portMax) {
    throw new TerminalError(`email smarthost: got the port ${port}, expected 1 to ${portMax}`);
  }
  const isImplicit = settings.force_implicit_tls ?? portNumber === 465;
  const tls = await tlsOptions(settings.tls_config, attempt);
  const isEncrypted = isImplicit || settings.require_tls;
  const credentials = await smtpCredentials(settings, isEncrypted, attempt.secrets);
  const socket = await openSocket(host, portNumber, attempt);
  let loginFailure: unknown = null;
  const connection = new SMTPConnection({
    connection: socket,
    host,
    port: portNumber,
    secure: isImplicit,
    requireTLS: settings.require_tls && !isImplicit,
    // TLS that nobody asked for would fail on the certificates of old servers.
    ignoreTLS: !settings.require_tls,
    tls,
    ...(settings.hello !== "" && { name: settings.hello }),
    customAuth: {
      [ownMethod]: async ({ authMethods, sendCommand }) => {
        if (credentials === null) return;
        await authenticate(credentials, authMethods, attempt.secrets, sendCommand).catch(
          (error: unknown) => {
            // nodemailer writes into the message of what it is given.
            loginFailure = error;
            throw new Error("login failed");
          },
        );
      },
    },
  });
  const lost = new Promise<never>((_resolve, reject) => {
    // As long as it may report: one that nobody hears would end the process.
    connection.on("error", reject);
    connection.once("end", () => reject(new Error("the server closed the connection")));
  });
  lost.catch(() => {});
  try {
    await Promise.race([lost, call((done) => connection.connect(done))]);
    const auth = { method: ownMethod, user: settings.auth_username, pass: "" };
    if (credentials !== null) {
      await Promise.race([lost, call((done) => connection.login(auth, done))]);
    }
    const envelope = { from: mail.from, to: mail.to, size: mail.bytes.length };
    return await Promise.race([lost, transfer(connection, envelope, mail.bytes)]);
  } catch (error) {
    throw smtpFailure(loginFailure ?? error, host);
  } finally {
    connection.quit();
    // A server that does not take its leave must not hold the connection.
    socket.setTimeout(quitMs, () => socket.destroy());
  }
}

/** Names the login that authenticate() makes instead of nodemailer's own. */
const ownMethod = "TOCSIN";
const quitMs = 2_000;

type Envelope = { from: string; to: string[]; size: number };

function transfer(
  connection: SMTPConnection,
  envelope: Envelope,
  bytes: Buffer,
): Promise<SmtpOutcome> {
  return new Promise((resolve, reject) => {
    connection.send(envelope, bytes, (error, info) => {
      if (error !== null || info === undefined) return reject(error ?? new Error("no answer"));
      const errors = info.rejectedErrors ?? [];
      const refused = info.rejected.map((address, i) => `${address}: ${errors[i]?.response ?? ""}`);
      resolve({ accepted: info.accepted.length, refused, response: info.response });
    });
  });
}

function call(start: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error === undefined || error === null ? resolve() : reject(error)));
  });
}

function openSocket(host: string, port: number, attempt: Attempt): Promise<Socket> {
  const { context, signal } = attempt;
  const allowPrivate = context.allowPrivateAddresses ?? true;
  if (isIP(host) !== 0 && !addressAllowed(host, allowPrivate)) throw refusal(host, host);
  const lookup = guardedLookup(allowPrivate, context.resolve);
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, lookup, signal });
    const fail = (error: Error): void => {
      if (error instanceof TerminalError) reject(error);
      else reject(new RetryableError(`mail server ${host} out of reach: ${failureText(error)}`));
    };
    socket.once("error", fail);
    socket.once("connect", () => {
      socket.off("error", fail);
      // An attempt that ends early breaks the connection, whoever is at it.
      socket.on("error", () => {});
      resolve(socket);
    });
  });
}

type SmtpError = Error & { code?: string; responseCode?: number; response?: string };

/** 5xx is a refusal for good, except of TLS, which is a server's trouble with itself. */
function smtpFailure(error: unknown, host: string): Error {
  if (error instanceof RetryableError || error instanceof TerminalError) return error;
  const { message, code, responseCode, response } = error as SmtpError;
  const said = `mail server ${host}: ${response ?? message}`;
  if (code === "ETLS") return new RetryableError(`mail server ${host}: TLS failed: ${message}`);
  if (code === "EENVELOPE" && responseCode === undefined) return new TerminalError(said);
  return (responseCode ?? 0) >= 500 ? new TerminalError(said) : new RetryableError(said);
}
