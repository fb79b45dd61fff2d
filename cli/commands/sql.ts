/** `tocsin sql`: one question to the event log. */
import type { Command } from "../command.ts";
import { apiOf } from "../api.ts";
import { defineCommand, usageError } from "../define-command.ts";
import { plain } from "../plain-text.ts";
import { askSql } from "../sql-client.ts";

const help = `Usage: tocsin sql "<statement>" [--format NAME] [--json] [--url URL]

Asks the event log of the running program one question in ClickHouse's SQL, read-only.

Options:
  --format NAME  output format, e.g. PrettyCompact (default), Vertical, CSVWithNames, JSONEachRow
  --json         the same as --format JSONEachRow: one JSON object per row
  --url URL      where Tocsin listens (default: TOCSIN_URL or http://127.0.0.1:9093)
  --help         this text

Examples:
  tocsin sql "select sum(received) from tocsin.alert_events"
  tocsin sql "select service, count() from tocsin.incidents group by service order by 2 desc"
  tocsin sql "select time, event, because from tocsin.incident_events order by time desc limit 20"
  tocsin sql "select name, comment from system.tables where database = 'tocsin'"

The tables and their columns are described in docs/sql.md and in the schema itself:
  tocsin sql "describe tocsin.alert_events"
`;

export const command: Command = defineCommand({
  name: "sql",
  summary: "Ask the event log a question in SQL",
  help,
  options: { format: "text" },
  async run(flags, io) {
    const [statement, ...rest] = flags.positionals;
    if (statement === undefined) throw usageError("a statement is missing");
    if (rest.length > 0) throw usageError("put the statement in quotes: it is one argument");
    if (flags.has("json") && flags.has("format")) {
      throw usageError("--json and --format exclude each other");
    }
    const format = flags.has("json") ? "JSONEachRow" : (flags.text("format") ?? "PrettyCompact");
    const text = await askSql(apiOf(flags, io), statement, format);
    const shown = io.isTty ? harmless(text) : text;
    io.out(shown === "" || shown.endsWith("\n") ? shown : `${shown}\n`);
    return 0;
  },
});

/** A terminal obeys control characters, and labels may hold some; a file gets every byte. */
function harmless(text: string): string {
  return text.replace(/[^\n\t]+/g, plain);
}
