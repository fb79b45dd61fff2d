import { defineChange } from "../change-command.ts";
import { usageError } from "../define-command.ts";

export const command = defineChange({
  name: "identify",
  summary: "record the cause of an incident",
  usage: "ID… --cause TEXT [--by NAME]",
  about: "Records the cause of incidents; they become identified.",
  optionsHelp: "  --cause TEXT what caused it\n",
  examples: ['tocsin identify inc-3-1a --cause "driver 550 leaks GPU memory"'],
  options: { cause: "text" },
  body(flags) {
    const cause = flags.text("cause");
    if (cause === null) throw usageError("say what the cause is with --cause TEXT");
    return { status: "identified", cause };
  },
  done: (incident) => `is identified (cause: ${incident.cause ?? ""})`,
});
