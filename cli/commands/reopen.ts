import { defineChange } from "../change-command.ts";

export const command = defineChange({
  name: "reopen",
  summary: "open resolved or closed incidents again",
  usage: "ID… [--reason TEXT] [--by NAME]",
  about: "Opens resolved or closed incidents again; their escalation starts anew.",
  optionsHelp: "  --reason TEXT why, for the timeline\n",
  examples: ['tocsin reopen inc-3-1a --reason "customers still see errors"'],
  options: { reason: "text" },
  body(flags) {
    const reason = flags.text("reason");
    return { status: "triggered", ...(reason === null ? {} : { reason }) };
  },
  done: () => "is open again",
});
