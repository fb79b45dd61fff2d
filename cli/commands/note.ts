import { defineChange } from "../change-command.ts";
import { usageError } from "../define-command.ts";

export const command = defineChange({
  name: "note",
  summary: "add a note to an incident's timeline",
  usage: "ID… --text TEXT [--by NAME]",
  about: "Adds a note to the timeline of incidents.",
  optionsHelp: "  --text TEXT  the note\n",
  examples: ['tocsin note inc-3-1a --text "vendor ticket 8812 opened"'],
  options: { text: "text" },
  body(flags) {
    const text = flags.text("text");
    if (text === null) throw usageError("say what to note with --text TEXT");
    return { note: text };
  },
  done: () => "has a new note",
});
