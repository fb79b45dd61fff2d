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

type Session = { socket: Socket; overTls: boolean; mail: ReceivedMail };

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
    const overTls = options.implicit === true;
    socket.write("220 mail.test ESMTP\r\n");
    serve({ socket, overTls, mail: newMail(overTls) }, world);
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

const newMail = (overTls: boolean): ReceivedMail => ({ from: "", to: [], data: "", overTls });

/** Reads lines until the connection ends or turns into TLS. */
function serve(session: Session, world: World): void {
  const { socket } = session;
  let pending = "";
  let answer = (line: string): void => command(line);
  const say = (line: string): void => void socket.write(`${line}\r\n`);
  const onData = (chunk: Buffer): void => {
    pending += chunk.toString("utf8");
    for (let end = pending.indexOf("\r\n"); end !== -1; end = pending.indexOf("\r\n")) {
      const line = pending.slice(0, end);
      pending = pending.slice(end + 2);
      answer(line);
    }
  };
  socket.on("data", onData);

  function command(line: string): void {
    world.commands.push(line);
    const refused = world.refusals.findIndex(({ verb }) => line.startsWith(verb));
    if (refused !== -1) return say(world.refusals.splice(refused, 1)[0]!.answer);
    const verb = line.split(" ")[0]!.toUpperCase();
    if (verb === "EHLO") return extensions();
    if (verb === "STARTTLS") return upgrade();
    if (verb === "AUTH") return logIn(line);
    if (verb === "MAIL") session.mail.from = /<(.*?)>/.exec(line)?.[1] ?? "";
    if (verb === "RCPT") session.mail.to.push(/<(.*?)>/.exec(line)?.[1] ?? "");
    if (verb === "DATA") {
      answer = body;
      return say("354 go on");
    }
    if (verb === "QUIT") return void socket.end("221 bye\r\n");
    say("250 ok");
  }

  function extensions(): void {
    const { tls, auth, implicit } = world.options;
    const offersTls = tls !== undefined && implicit !== true && !session.overTls;
    const offersAuth = auth !== undefined && !offersTls;
    const lines = [
      "mail.test",
      ...(offersTls ? ["STARTTLS"] : []),
      ...(offersAuth ? [`AUTH ${auth}`] : []),
      "8BITMIME",
    ];
    lines.forEach((line, i) => say(`250${i === lines.length - 1 ? " " : "-"}${line}`));
  }

  function upgrade(): void {
    say("220 begin");
    socket.off("data", onData);
    const secured = new TLSSocket(socket, { isServer: true, ...world.options.tls });
    secured.on("error", () => {});
    secured.once("secure", () => world.commands.push("TLS"));
    serve({ socket: secured, overTls: true, mail: newMail(true) }, world);
  }

  function logIn(line: string): void {
    const { user = "", password = "" } = world.options;
    const [, method, initial = ""] = line.split(" ");
    const right = (isRight: boolean): void => {
      answer = command;
      say(isRight ? "235 welcome" : `535 5.7.8 no: ${line}`);
    };
    if (method === "PLAIN") {
      return right(decoded(initial) === `\0${user}\0${password}`);
    }
    if (method === "LOGIN") {
      answer = (name) => {
        answer = (secret) => right(decoded(name) === user && decoded(secret) === password);
        say("334 UGFzc3dvcmQ6");
      };
      return say("334 VXNlcm5hbWU6");
    }
    answer = (response) => {
      const digest = createHmac("md5", password).update(challenge).digest("hex");
      right(decoded(response) === `${user} ${digest}`);
    };
    say(`334 ${Buffer.from(challenge).toString("base64")}`);
  }

  function body(line: string): void {
    if (line !== ".") {
      session.mail.data += `${line}\r\n`;
      return;
    }
    answer = command;
    const refused = world.refusals.findIndex(({ verb }) => verb === ".");
    if (refused !== -1) return say(world.refusals.splice(refused, 1)[0]!.answer);
    world.mails.push(session.mail);
    session.mail = newMail(session.overTls);
    say("250 2.0.0 queued as 7");
  }
}

const decoded = (text: string): string => Buffer.from(text, "base64").toString("utf8");
