import { defineChange } from "../change-command.ts";

export const command = defineChange({
  name: "investigate",
  summary: "mark incidents as being investigated",
  usage: "ID… [--by NAME]",
  about: "Marks incidents as being investigated; their escalation stops.",
  optionsHelp: "",
  examples: ["tocsin investigate inc-3-1a", "tocsin investigate 3-1a --by ada"],
  options: {},
  body: () => ({ status: "investigating" }),
  done: () => "is being investigated",
});
