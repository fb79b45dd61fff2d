/** `tocsin alerts`: the alerts that fire now. */
import { apiOf } from "../api.ts";
import { EXIT } from "../command.ts";
import type { Io } from "../command.ts";
import { defineCommand } from "../define-command.ts";
import type { Flags } from "../define-command.ts";
import { plain } from "../plain-text.ts";
import { table } from "../table.ts";

const limitDefault = 50;
const limitMax = 100_000;
/** Alerts of one request. */
const pageMax = 1_000;

type Alert = {
  fingerprint: string;
  labels: Record<string, string>;
  startsAt: string;
  received: number;
};
type Page = { items: Alert[]; next_cursor: string | null };

const help = `tocsin alerts [MATCHER…] [options]

Lists the alerts that fire now, in the order of their fingerprints.

A MATCHER is LABEL="VALUE", or with !=, =~ or !~; all must hold. After =~ and !~ come words
separated by "|", each with ".*" or ".+" before or after it.

  --limit N      at most N alerts (default ${limitDefault}, up to ${limitMax})
  --cursor C     go on after an earlier list
  --json         the API's JSON
  --url URL      where Tocsin is (TOCSIN_URL, default http://127.0.0.1:9093)

Examples
  tocsin alerts
  tocsin alerts severity=critical 'service=~checkout|pay.*'
  tocsin alerts alertname=GpuMemory --json | jq -r '.items[].labels.instance'
`;

async function run(flags: Flags, io: Io): Promise<number> {
  const limit = flags.number("limit", 1, limitMax, limitDefault);
  const page: Page = { items: [], next_cursor: flags.text("cursor") };
  const api = apiOf(flags, io);
  do {
    const query = new URLSearchParams();
    for (const matcher of flags.positionals) query.append("filter", matcher);
    query.set("limit", String(Math.min(pageMax, limit - page.items.length)));
    if (page.next_cursor !== null) query.set("cursor", page.next_cursor);
    const next = (await api.call({ method: "GET", path: `/v1/alerts?${query}` })) as Page;
    page.items.push(...next.items);
    page.next_cursor = next.next_cursor;
  } while (page.next_cursor !== null && page.items.length < limit);
  if (flags.has("json")) {
    io.out(`${JSON.stringify(page, null, 2)}\n`);
    return EXIT.ok;
  }
  if (page.items.length === 0) {
    io.out(`No alerts ${flags.positionals.length === 0 ? "fire" : "match"}.\n`);
    return EXIT.ok;
  }
  io.out(table(["FINGERPRINT", "SINCE", "TIMES", "ALERT", "LABELS"], page.items.map(rowOf)));
  if (page.next_cursor !== null) {
    io.err(`There are more: repeat with --cursor ${plain(page.next_cursor)} or a larger --limit\n`);
  }
  return EXIT.ok;
}

function rowOf({ fingerprint, startsAt, received, labels }: Alert): string[] {
  const { alertname = "", ...others } = labels;
  const pairs = Object.entries(others).map(([name, value]) => `${name}=${value}`);
  const since = startsAt.slice(0, 19).replace("T", " ");
  return [fingerprint, since, String(received), alertname, pairs.join(" ")].map(plain);
}

export const command = defineCommand({
  name: "alerts",
  summary: "list the alerts that fire now",
  help,
  options: { limit: "text", cursor: "text" },
  run,
});
