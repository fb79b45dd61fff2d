import { defineChange } from "../change-command.ts";

export const command = defineChange({
  name: "resolve",
  summary: "resolve incidents",
  usage: "ID… [--note TEXT] [--by NAME]",
  about: "Resolves incidents. One whose alerts return soon after is opened again.",
  optionsHelp: "  --note TEXT  how it was resolved\n",
  examples: ["tocsin resolve inc-3-1a", 'tocsin resolve 3-1a --note "rolled back to v41"'],
  options: { note: "text" },
  body(flags) {
    const note = flags.text("note");
    return { status: "resolved", ...(note === null ? {} : { note }) };
  },
  done: () => "is resolved",
});
