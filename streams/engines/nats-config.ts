/** The configuration file of a nats-server that serves one Tocsin on one machine. Pure. */

/** "default": fsync every two minutes; "always": fsync before each acknowledgement. */
export type Durability = "default" | "always";

export type NatsConfigInput = {
  port: number;
  monitorPort: number;
  storeDir: string;
  pidFile: string;
  logFile: string;
  durability: Durability;
};

/** A frame or step may be larger than the server's usual limit of 1 MiB. */
export const maxPayloadBytes = 8 * 1024 * 1024;

const natsString = (text: string): string => JSON.stringify(text);

export function natsConfig(input: NatsConfigInput): string {
  const sync = input.durability === "always" ? `\n  sync_interval: always` : "";
  return `# Written by Tocsin at each start; changes made here are lost.
host: "127.0.0.1"
port: ${input.port}
http: "127.0.0.1:${input.monitorPort}"
pid_file: ${natsString(input.pidFile)}
log_file: ${natsString(input.logFile)}
logfile_size_limit: 16MB
logfile_max_num: 3
max_payload: ${maxPayloadBytes}
jetstream {
  store_dir: ${natsString(input.storeDir)}${sync}
}
`;
}
