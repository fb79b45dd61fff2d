import { defineChange } from "../change-command.ts";

export const command = defineChange({
  name: "ack",
  summary: "acknowledge incidents: someone is on it, escalation stops",
  usage: "ID… [--note TEXT] [--by NAME]",
  about: "Acknowledges incidents; their escalation stops.",
  optionsHelp: "  --note TEXT  a note for the timeline\n",
  examples: ["tocsin ack inc-3-1a", 'tocsin ack 3-1a 0-7k --by ada --note "looking"'],
  options: { note: "text" },
  body(flags) {
    const note = flags.text("note");
    return { status: "acknowledged", ...(note === null ? {} : { note }) };
  },
  done: () => "is acknowledged",
});
