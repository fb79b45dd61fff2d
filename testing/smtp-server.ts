/**
 * A small real mail server on loopback: it records sessions and mails and refuses what it is
 * told to refuse, so that tests can watch TLS, logins and failures.
 */
import { createHmac } from "node:crypto";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { createServer as createTlsServer, TLSSocket } from "node:tls";

export type ReceivedMail = { from: string; to: string[]; data: string; overTls: boolean };

export type SmtpServer = {
  port: number;
  mails: ReceivedMail[];
  /** All commands of all sessions, in order; "TLS" where encryption began. */
  commands: string[];
  /** Answers the next command that begins with `verb` (also DATA's end: ".") with this line. */
  refuse(verb: string, answer: string): void;
  stop(): Promise<void>;
};

export type SmtpServerOptions = {
  tls?: { key: Buffer; cert: Buffer };
  /** TLS from the first byte instead of STARTTLS. */
  implicit?: boolean;
  /** As in EHLO's answer, e.g. "PLAIN LOGIN"; only over TLS, if there is any. */
  auth?: string;
  user?: string;
  password?: string;
};

const challenge = "<17.42@mail.test>";

export async function startSmtpServer(options: SmtpServerOptions = {}): Promise<SmtpServer> {
  const mails: ReceivedMail[] = [];
  const commands: string[] = [];
  const refusals: { verb: string; answer: string }[] = [];
  const sockets = new Set<Socket>();
  const world = { options, mails, commands, refusals };
  const accept = (socket: Socket): void => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    socket.write("220 mail.test ESMTP\r\n");
    new Session(socket, options.implicit === true, world).start();
  };
  const server =
    options.implicit === true ? createTlsServer({ ...options.tls }, accept) : createServer(accept);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    mails,
    commands,
    refuse: (verb, answer) => void refusals.push({ verb, answer }),
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

type World = {
  options: SmtpServerOptions;
  mails: ReceivedMail[];
  commands: string[];
  refusals: { verb: string; answer: string }[];
};

/** Reads lines until the connection ends or turns into TLS, which is another session. */
class Session {
  #socket: Socket;
  #overTls: boolean;
  #world: World;
  #mail: ReceivedMail;
  #pending = "";
  /** Whose turn the next line is. */
  #answer: (line: string) => void = (line) => this.#command(line);

  constructor(socket: Socket, overTls: boolean, world: World) {
    this.#socket = socket;
    this.#overTls = overTls;
    this.#world = world;
    this.#mail = { from: "", to: [], data: "", overTls };
  }

  start(): void {
    this.#socket.on("data", this.#onData);
  }

  #onData = (chunk: Buffer): void => {
    this.#pending += chunk.toString("utf8");
    for (;;) {
      const end = this.#pending.indexOf("\r\n");
      if (end === -1) return;
      const line = this.#pending.slice(0, end);
      this.#pending = this.#pending.slice(end + 2);
      this.#answer(line);
    }
  };

  #say(line: string): void {
    this.#socket.write(`${line}\r\n`);
  }

  /** True when the test wanted this line refused, and it was. */
  #refused(line: string): boolean {
    const { refusals } = this.#world;
    const at = refusals.findIndex(({ verb }) => line.startsWith(verb));
    if (at === -1) return false;
    this.#say(refusals.splice(at, 1)[0]!.answer);
    return true;
  }

  #command(line: string): void {
    this.#world.commands.push(line);
    if (this.#refused(line)) return;
    const verb = line.split(" ")[0]!.toUpperCase();
    const address = /<(.*?)>/.exec(line)?.[1] ?? "";
    if (verb === "EHLO") return this.#extensions();
    if (verb === "STARTTLS") return this.#upgrade();
    if (verb === "AUTH") return this.#logIn(line);
    if (verb === "MAIL") this.#mail.from = address;
    if (verb === "RCPT") this.#mail.to.push(address);
    if (verb === "DATA") {
      this.#answer = (one) => this.#body(one);
      return this.#say("354 go on");
    }
    if (verb === "QUIT") return void this.#socket.end("221 bye\r\n");
    this.#say("250 ok");
  }

  #extensions(): void {
    const { tls, auth, implicit } = this.#world.options;
    const offersTls = tls !== undefined && implicit !== true && !this.#overTls;
    const offersAuth = auth !== undefined && !offersTls;
    this.#say("250-mail.test");
    if (offersTls) this.#say("250-STARTTLS");
    if (offersAuth) this.#say(`250-AUTH ${auth}`);
    this.#say("250 8BITMIME");
  }

  #upgrade(): void {
    this.#say("220 begin");
    this.#socket.off("data", this.#onData);
    const secured = new TLSSocket(this.#socket, { isServer: true, ...this.#world.options.tls });
    secured.on("error", () => {});
    secured.once("secure", () => this.#world.commands.push("TLS"));
    new Session(secured, true, this.#world).start();
  }

  #logIn(line: string): void {
    const { user = "", password = "" } = this.#world.options;
    const [, method, initial = ""] = line.split(" ");
    const end = (isRight: boolean): void => {
      this.#answer = (one) => this.#command(one);
      this.#say(isRight ? "235 welcome" : `535 5.7.8 no: ${line}`);
    };
    if (method === "PLAIN") return end(decoded(initial) === `\0${user}\0${password}`);
    if (method === "LOGIN") {
      this.#answer = (name) => {
        this.#answer = (secret) => end(decoded(name) === user && decoded(secret) === password);
        this.#say("334 UGFzc3dvcmQ6");
      };
      return this.#say("334 VXNlcm5hbWU6");
    }
    this.#answer = (response) => {
      const digest = createHmac("md5", password).update(challenge).digest("hex");
      end(decoded(response) === `${user} ${digest}`);
    };
    this.#say(`334 ${Buffer.from(challenge).toString("base64")}`);
  }

  #body(line: string): void {
    if (line !== ".") {
      this.#mail.data += `${line}\r\n`;
      return;
    }
    this.#answer = (one) => this.#command(one);
    const mail = this.#mail;
    this.#mail = { from: "", to: [], data: "", overTls: this.#overTls };
    if (this.#refused(".")) return;
    this.#world.mails.push(mail);
    this.#say("250 2.0.0 queued as 7");
  }
}

const decoded = (text: string): string => Buffer.from(text, "base64").toString("utf8");
