/** The server under load: one that runs already, or the program over an empty directory. */
import { tocsin } from "../bench/contenders.ts";
import { isLoopback } from "../ingress/loopback.ts";

export type Target = { host: string; port: number };

export type OpenTarget = {
  target: Target;
  /** False: its processes cannot be seen from here. */
  sameMachine: boolean;
  /** Ends what was started here, and deletes its data. */
  close(): Promise<void>;
};

/** @throws Error that says what is allowed. */
export function parseUrl(text: string, allowRemote: boolean): Target {
  if (!URL.canParse(text)) throw new Error(`--url: got "${text}", expected http://HOST:PORT`);
  const url = new URL(text);
  if (url.protocol !== "http:" || (url.pathname !== "/" && url.pathname !== "")) {
    throw new Error(`--url: got "${text}", expected http://HOST:PORT and nothing behind it`);
  }
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (!allowRemote && !isLoopback(host)) {
    throw new Error(
      `--url: ${host} is another machine, and this is a load test: ` +
        `add --allow-remote if its owner knows`,
    );
  }
  return { host, port: url.port === "" ? 80 : Number(url.port) };
}

export async function openTarget(root: string, given: Target | null): Promise<OpenTarget> {
  if (given !== null) {
    return { target: given, sameMachine: isLoopback(given.host), close: async () => {} };
  }
  const server = await tocsin(root).start();
  const { host, port } = server;
  return { target: { host, port }, sameMachine: true, close: () => server.stop() };
}

export function urlOf({ host, port }: Target): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
