/** `tocsin keys`: who may send, read, respond and administer, by API keys. */
import { readFileSync } from "node:fs";
import { bootstrapFile } from "../../runtime/bootstrap-key.ts";
import { defaultDataDir } from "../../runtime/config/load.ts";
import { type Api, apiOf, explain } from "../api.ts";
import { EXIT } from "../command.ts";
import type { Io } from "../command.ts";
import { CommandFailure, defineCommand, usageError } from "../define-command.ts";
import type { Flags } from "../define-command.ts";
import { showDuration } from "../durations.ts";
import { plain } from "../plain-text.ts";
import { table } from "../table.ts";

const help = `tocsin keys [list]
tocsin keys create --name NAME --scope SCOPES [options]
tocsin keys rotate ID [--overlap D]
tocsin keys revoke ID

API keys of a Tocsin whose configuration says auth.mode: keys. A key is shown once, when it is
created or rotated: keep it. What this command itself uses is the key in TOCSIN_KEY.

  --name NAME    what the key is for
  --scope S      ingest (send alerts), read, respond (change incidents), admin (keys);
                 several with commas
  --tenant T     alerts that come with the key belong to this tenant
  --service S    … and to this service, where they name none
  --rate R       at most so many alerts, e.g. 500/s (default: the configured limit)
  --expires D    the key ends after so long, e.g. 90d (default: never)
  --bootstrap    create the first admin key; on the machine, and as the user, of the program
  --data DIR     with --bootstrap: the data directory (TOCSIN_DATA, default ${defaultDataDir})
  --overlap D    how long the key before still works (default 24h; 0: not at all)
  --json         the API's JSON
  --url URL      where Tocsin is (TOCSIN_URL, default http://127.0.0.1:9093)

Examples
  tocsin keys create --bootstrap
  tocsin keys create --name ci --scope ingest --tenant shop --rate 500/s --expires 90d
  tocsin keys create --name grafana --scope read --json | jq -r .key
  tocsin keys list
  tocsin keys rotate 3f9c1a2b4d5e --overlap 24h
  tocsin keys revoke 3f9c1a2b4d5e
`;

const bootstrapScopes = ["ingest", "read", "respond", "admin"];

type KeyView = {
  id: string;
  name: string;
  state: string;
  scopes: string[];
  tenant: string | null;
  service: string | null;
  rate: string | null;
  expires_at: string | null;
  old_secret_until: string | null;
  /** Only after creation and rotation. */
  key?: string;
};

async function run(flags: Flags, io: Io): Promise<number> {
  const [action = "list", id, ...more] = flags.positionals;
  if (more.length > 0) throw usageError("one ID at a time");
  switch (action) {
    case "list":
      return list(flags, io);
    case "create":
      return create(flags, io);
    case "rotate": {
      const overlap = flags.text("overlap");
      const body = overlap === null ? {} : { overlap };
      const path = `${pathOf(id)}/rotate`;
      return shown(await ask(apiOf(flags, io), { method: "POST", path, body }), flags, io);
    }
    case "revoke": {
      const key = await ask(apiOf(flags, io), { method: "DELETE", path: pathOf(id) });
      if (flags.has("json")) io.out(`${JSON.stringify(key)}\n`);
      else io.out(`${plain(key.id)} (${plain(key.name)}) is revoked and no longer works.\n`);
      return EXIT.ok;
    }
    default:
      throw usageError(`got "${plain(action)}", expected list, create, rotate or revoke`);
  }
}

async function list(flags: Flags, io: Io): Promise<number> {
  const body = await apiOf(flags, io).call({ method: "GET", path: "/v1/keys" });
  const { items } = body as { items: KeyView[] };
  if (flags.has("json")) {
    io.out(`${JSON.stringify(body)}\n`);
    return EXIT.ok;
  }
  if (items.length === 0) {
    io.out("There are no API keys. See: tocsin keys --help\n");
    return EXIT.ok;
  }
  const heads = ["ID", "STATE", "SCOPES", "TENANT", "SERVICE", "RATE", "EXPIRES", "NAME"];
  const rows = items.map((key) => [
    key.id,
    key.old_secret_until === null ? key.state : `${key.state}, rotated`,
    key.scopes.join(","),
    key.tenant ?? "-",
    key.service ?? "-",
    key.rate ?? "-",
    key.expires_at === null ? "never" : expiry(key.expires_at),
    key.name,
  ]);
  io.out(table(heads, rows.map((row) => row.map(plain))));
  return EXIT.ok;
}

function expiry(at: string): string {
  const leftMs = Date.parse(at) - Date.now();
  return leftMs > 0 ? `in ${showDuration(leftMs)}` : `${showDuration(-leftMs)} ago`;
}

async function create(flags: Flags, io: Io): Promise<number> {
  const isFirst = flags.has("bootstrap");
  const scopes = flags.texts("scope").flatMap((text) => text.split(","));
  const name = flags.text("name") ?? (isFirst ? "admin" : null);
  if (name === null) throw usageError("--name is missing: what is the key for?");
  if (scopes.length === 0 && !isFirst) {
    throw usageError("--scope is missing: some of ingest,read,respond,admin");
  }
  const body: Record<string, unknown> = {
    name,
    scopes: scopes.length === 0 ? bootstrapScopes : scopes,
  };
  for (const field of ["tenant", "service", "rate"]) body[field] = flags.text(field);
  body["expires_in"] = flags.text("expires");
  const api = isFirst ? apiOf(flags, io, bootstrapKey(flags, io)) : apiOf(flags, io);
  return shown(await ask(api, { method: "POST", path: "/v1/keys", body }), flags, io);
}

/** The key that lies in the data directory while there is no admin key. */
function bootstrapKey(flags: Flags, io: Io): string {
  const dataDir = flags.text("data") ?? (io.env["TOCSIN_DATA"] || defaultDataDir);
  const file = bootstrapFile(dataDir);
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new CommandFailure(
      `cannot read ${plain(file)} (${why}): it is there while Tocsin runs with auth.mode: keys, ` +
        "has no admin key and no TOCSIN_ADMIN_KEY; name its directory with --data",
    );
  }
}

/** Not repeated: whether a request without an answer made a key is unknown; `keys list` tells. */
async function ask(api: Api, request: Parameters<Api["once"]>[0]): Promise<KeyView> {
  const answer = await api.once(request);
  if (answer.status >= 200 && answer.status < 300) return answer.body as KeyView;
  throw new CommandFailure(explain(answer, api.baseUrl));
}

/** The key alone on standard output, so that it can be piped; what is to be said, beside it. */
function shown(view: KeyView, flags: Flags, io: Io): number {
  if (flags.has("json")) {
    io.out(`${JSON.stringify(view)}\n`);
    return EXIT.ok;
  }
  io.out(`${plain(view.key ?? "")}\n`);
  const { id, name, scopes } = view;
  io.err(`This is key ${plain(id)} (${plain(name)}: ${plain(scopes.join(", "))}).\n`);
  if (view.old_secret_until !== null) {
    io.err(`The key before works until ${plain(view.old_secret_until)}.\n`);
  }
  io.err("It is not shown again.\n");
  return EXIT.ok;
}

function pathOf(id: string | undefined): string {
  if (id === undefined) throw usageError("which key? Give its ID; see: tocsin keys list");
  return `/v1/keys/${encodeURIComponent(id)}`;
}

export const command = defineCommand({
  name: "keys",
  summary: "list, create, rotate and revoke API keys",
  help,
  options: {
    ...{ name: "text", scope: "texts", tenant: "text", service: "text", rate: "text" },
    ...{ expires: "text", bootstrap: "switch", data: "text", overlap: "text" },
  },
  run,
});
