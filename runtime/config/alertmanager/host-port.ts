/** "host:port" of a mail server. */
import { field, type Field } from "./fields.ts";

export type HostPort = { host: string; port: string };

/** Null when absent. The port may be a service's name ("smtp"), the host an IPv6 address in []. */
export const hostPort: Field<HostPort | null> = field((value) => {
  const written = value.scalarText("");
  if (written === "") return null;
  const match = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:]+)$/.exec(written);
  if (match === null) {
    value.expected("a mail server with its port, such as mail.example.com:587");
    return null;
  }
  return { host: match[1] ?? match[2]!, port: match[3]! };
});
